"""The access tokens of a process: fetched once, and kept in memory while they last.

Asks for them through a function it is given, and so reaches no more than any call does; one at a time for a client.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from math import inf

from bridge.model import NoReply
from bridge.outbound import oauth2
from bridge.outbound.oauth2 import Granted
from bridge.outbound.renewing import Fetch, Wish, renewed
from bridge.outbound.target import ClientCredentials
from bridge.outbound.vault import Vault

EARLY = 60.0  # seconds before its expiry from which a token is not used any more
_LONGEST = 60.0  # seconds that anybody waits for another one who asks


@dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    text: str = field(repr=False)
    until: float


class Tokens:
    """The tokens of a process, by client. Moments are time.monotonic() seconds.

    `vault` keeps refresh tokens; without one a client that has a refresh token gets no access token.
    """

    def __init__(self, vault: Vault | None = None) -> None:
        self._vault = vault
        self._held: dict[ClientCredentials, _Token] = {}
        self._asking: defaultdict[ClientCredentials, threading.Lock] = defaultdict(
            threading.Lock
        )
        self._lock = threading.Lock()

    def get(
        self,
        client: ClientCredentials,
        fetch: Fetch,
        now: float,
        *,
        refused: str = "",
        deadline: float = inf,
    ) -> str | NoReply:
        """A token to use now; or why there is none, which is never the vendor's doing (`sent` is False).

        Another one than `refused`, which the vendor took no more.
        """
        if token := self._kept(client, now, refused):
            return token
        with self._lock:
            asking = self._asking[client]
        if not asking.acquire(timeout=min(max(deadline - now, 0.0), _LONGEST)):
            message = "the access token did not arrive in time"
            return NoReply(kind="timeout", message=message, sent=False, elapsed=0.0)
        try:
            return self._kept(client, now, refused) or self._asked(
                client, fetch, now, refused, deadline
            )
        finally:
            asking.release()

    def _kept(self, client: ClientCredentials, now: float, refused: str) -> str:
        with self._lock:
            held = self._held.get(client)
        return held.text if held and now < held.until and held.text != refused else ""

    def _asked(
        self,
        client: ClientCredentials,
        fetch: Fetch,
        now: float,
        refused: str,
        deadline: float,
    ) -> str | NoReply:
        if client.refresh_token:
            granted = self._renewed(
                Wish(
                    client=client,
                    fetch=fetch,
                    least=EARLY,
                    refused=refused,
                    deadline=deadline,
                )
            )
        else:
            granted = oauth2.read(fetch(*oauth2.request(client)), client)
        if isinstance(granted, NoReply):
            return granted
        token = _Token(text=granted.access, until=now + granted.lifetime - EARLY)
        with self._lock:
            self._held[client] = token
        return token.text

    def _renewed(self, wish: Wish) -> Granted | NoReply:
        if self._vault:
            return renewed(self._vault, wish)
        message = "no access token: it needs a store for its refresh tokens"
        return NoReply(kind="credentials", message=message, sent=False, elapsed=0.0)
