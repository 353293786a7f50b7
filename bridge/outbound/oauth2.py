"""Access tokens by OAuth 2.0 client credentials (RFC 6749, section 4.4).

Tokens are kept in memory, while they last, and nowhere else. This asks for them through a function it is given, and so
reaches no more than any call does.
"""

import re
import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote_plus, urlencode

from bridge.errors import Malformed
from bridge.model import Call, Headers, NoReply, Reply
from bridge.outbound.target import ClientCredentials
from bridge.strict import json

EARLY = 60.0  # seconds before its expiry from which a token is not used any more
_LIFETIME = 300.0  # of a token that does not say; a 401 fetches a new one anyway

# Wider than RFC 6750, section 2.1, and still one header value.
_BEARER = re.compile(r"[!-~]+")
_DIGITS = re.compile(r"[0-9]{1,9}")

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
        reply = fetch(*_request(client))
        token = _read(reply, now)
        if isinstance(token, NoReply):
            return token
        with self._lock:
            self._held[client] = token
        return token.text

    def forget(self, client: ClientCredentials, token: str) -> None:
        """Drops a token the vendor refused, unless another one took its place already."""
        with self._lock:
            held = self._held.get(client)
            if held and held.text == token:
                del self._held[client]


def _request(client: ClientCredentials) -> tuple[Call, str, Headers]:
    scheme, _, place = client.token_url.partition("://")
    host, _, path = place.partition("/")
    form = {"grant_type": "client_credentials"}
    if client.scope:
        form["scope"] = client.scope
    call = Call(
        method="POST",
        path=f"/{path}",
        headers=(
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ),
        body=urlencode(form).encode(),
    )
    return call, f"{scheme}://{host}", _credentials(client)


def _credentials(client: ClientCredentials) -> Headers:
    """HTTP Basic, which every token endpoint has to take (RFC 6749, section 2.3.1: both parts form-encoded first)."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return (("Authorization", f"Basic {b64encode(pair.encode()).decode()}"),)


def _read(reply: Reply | NoReply, now: float) -> _Token | NoReply:
    if isinstance(reply, NoReply):
        return _none(reply, reply.kind, f"no access token: {reply.message}")
    if reply.status in (400, 401, 403):
        return _none(
            reply,
            "credentials",
            f"the token endpoint refused the client with {reply.status}: check client_id, client_secret and scope",
        )
    token = _token(reply.body, now) if reply.status == 200 else None
    return token or _none(
        reply, "refused", f"the token endpoint answered {reply.status} without a token"
    )


def _token(body: bytes, now: float) -> _Token | None:
    try:
        answer = json.loads(body)
    except Malformed:
        return None
    if not isinstance(answer, dict):
        return None
    text = answer.get("access_token")
    if not isinstance(text, str) or not _BEARER.fullmatch(text):
        return None
    return _Token(text=text, until=now + _lifetime(answer.get("expires_in")) - EARLY)


def _lifetime(value: object) -> float:
    """In seconds; some endpoints write the number as text."""
    digits = str(value)
    return float(digits) if _DIGITS.fullmatch(digits) else _LIFETIME


def _none(reply: Reply | NoReply, kind: str, message: str) -> NoReply:
    return NoReply(kind=kind, message=message, sent=False, elapsed=reply.elapsed)
