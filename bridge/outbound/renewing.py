"""Access tokens by refresh tokens (RFC 6749, section 6), which the endpoint may replace each time it is asked.

One worker at a time asks, on all hosts, and the others take what it was given. What was given is in the store before it
is used: whoever crashes in between loses one answer, and the next one asks with the token before it, which many
endpoints still take for a while. Where one does not, somebody has to sign in again, and is told why.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import uuid4

from bridge.errors import ConfigurationError, StoreUnavailable
from bridge.model import Call, Headers, NoReply, Reply
from bridge.outbound import oauth2
from bridge.outbound.oauth2 import Granted
from bridge.outbound.target import ClientCredentials
from bridge.outbound.vault import AGAIN, Held, Vault
from bridge.store.grants import Kept

# Sends a call to a base URL with these headers.
Fetch: TypeAlias = Callable[[Call, str, Headers], Reply | NoReply]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Whose access token is wanted, and which."""

    client: ClientCredentials
    fetch: Fetch
    least: float  # seconds that it has to last
    refused: str  # not this one: the vendor took it no more
    deadline: float  # a time.monotonic()


def renewed(vault: Vault, wish: Wish) -> Granted | NoReply:
    """The access token, from the store or from the endpoint; or why there is none."""
    started = time.monotonic()
    try:
        return _renewed(vault, wish)
    except ConfigurationError as error:
        kind, why = "credentials", str(error)
    except StoreUnavailable as error:
        kind, why = "store", f"the new refresh token must be stored first, but {error}"
    elapsed = time.monotonic() - started
    message = f"no access token: {why}"
    return NoReply(kind=kind, message=message, sent=False, elapsed=elapsed)


def _renewed(vault: Vault, wish: Wish) -> Granted | NoReply:
    while True:
        held, version = vault.look(wish.client)
        lasts = held.lasts()
        if held.access and held.access != wish.refused and lasts >= wish.least:
            return Granted(access=held.access, lifetime=lasts)
        owner = uuid4().hex
        begun = vault.begin(wish.client, owner)
        if begun and begun.version == version:
            return _asked(vault, wish, held, begun, owner)
        if begun:  # another worker was given something meanwhile
            vault.end(wish.client, owner, begun, known=True)
        elif time.monotonic() + AGAIN >= wish.deadline:
            message = "no access token yet: another worker is still fetching it"
            return NoReply(kind="refused", message=message, sent=False, elapsed=0.0)
        else:
            time.sleep(AGAIN)


def _asked(
    vault: Vault, wish: Wish, held: Held, begun: Kept, owner: str
) -> Granted | NoReply:
    """What the endpoint gives, once it is stored."""
    client = wish.client
    reply = wish.fetch(*oauth2.request(client, held.refresh))
    answer = oauth2.read(reply, client)
    if isinstance(answer, NoReply):
        refused = answer.kind == "credentials"
        unsent = isinstance(reply, NoReply) and not reply.sent
        vault.end(client, owner, begun, known=refused or unsent)
        return _explained(answer, begun) if refused else answer
    until = int(time.time() + answer.lifetime)
    refresh = answer.refresh or held.refresh
    now = Held(refresh=refresh, access=answer.access, until=until)
    vault.keep(client, begun.version, now, wish.deadline)
    return answer


def _explained(answer: NoReply, begun: Kept) -> NoReply:
    """A refusal, with what may have gone wrong before."""
    if begun.asked_at is None:
        return answer
    when = begun.asked_at.strftime("%Y-%m-%d %H:%M")
    lost = f" (the token that it gave at {when}Z was not stored: sign in again, and set the new refresh token)"
    message = answer.message + lost
    return NoReply(
        kind=answer.kind, message=message, sent=False, elapsed=answer.elapsed
    )
