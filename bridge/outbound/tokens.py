"""The access tokens of a process: fetched once, kept in memory while they last, and nowhere else.

Asks for them through a function it is given, and so reaches no more than any call does.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from bridge.model import Call, Headers, NoReply, Reply
from bridge.outbound import oauth2
from bridge.outbound.target import ClientCredentials

EARLY = 60.0  # seconds before its expiry from which a token is not used any more

# Sends a call to a base URL with these headers.
Fetch: TypeAlias = Callable[[Call, str, Headers], Reply | NoReply]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    text: str = field(repr=False)
    until: float


class Tokens:
    """The tokens of a process, by client. Moments are time.monotonic() seconds."""

    def __init__(self) -> None:
        self._held: dict[ClientCredentials, _Token] = {}
        self._lock = threading.Lock()

    def get(self, client: ClientCredentials, fetch: Fetch, now: float) -> str | NoReply:
        """A token to use now; or why there is none, which is never the vendor's doing (`sent` is False)."""
        with self._lock:
            held = self._held.get(client)
        if held and now < held.until:
            return held.text
        granted = oauth2.read(fetch(*oauth2.request(client)), client)
        if isinstance(granted, NoReply):
            return granted
        token = _Token(text=granted.access, until=now + granted.lifetime - EARLY)
        with self._lock:
            self._held[client] = token
        return token.text

    def forget(self, client: ClientCredentials, token: str) -> None:
        """Drops a token the vendor refused, unless another one took its place already."""
        with self._lock:
            held = self._held.get(client)
            if held and held.text == token:
                del self._held[client]
