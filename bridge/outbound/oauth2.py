"""Asking a token endpoint (RFC 6749): the request, and what its answer means. Pure.

What the endpoint says is never quoted but for the few names of errors that the standards know: an answer may hold the
secret that it refuses. No message holds a token.
"""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import quote_plus, urlencode

from bridge.errors import Malformed
from bridge.model import Call, Headers, NoReply, Reply
from bridge.outbound.target import ClientCredentials
from bridge.strict import json
from bridge.strict.outgoing import FORM
from bridge.vendors.oauth2 import BASIC, BODY

MAX_ANSWER = 64 * 1024  # bytes; a token has to fit into a header
_LIFETIME = 300.0  # of a token that does not say; a 401 fetches a new one anyway

# Wider than RFC 6750, section 2.1, and still one header value.
_BEARER = re.compile(r"[!-~]{1,16384}")
_DIGITS = re.compile(r"[0-9]{1,9}")

# What an endpoint may find wrong (RFC 6749, 5.2; RFC 8707, 2), and what to look at.
_FAULTS = {
    "invalid_client": "check client_id and client_secret, and whether it needs client_auth: {other}",
    "invalid_grant": "the refresh token is used up, expired or revoked: sign in again, and set the new refresh token",
    "invalid_request": "check scope, audience and params: one is missing or wrong",
    "invalid_scope": "check scope",
    "invalid_target": "check audience and params",
    "unauthorized_client": "give this client the permission there",
    "unsupported_grant_type": "it does not support this grant: check params",
    "access_denied": "give this client the permission there",
}
_LATER = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_GONE = (404, 405, 410)


@dataclass(frozen=True, kw_only=True, slots=True)
class Granted:
    """What an endpoint gave: an access token, how many seconds it lasts, and perhaps another refresh token."""

    access: str = field(repr=False)
    lifetime: float
    refresh: str = field(default="", repr=False)


def request(client: ClientCredentials, refresh: str = "") -> tuple[Call, str, Headers]:
    """The call to the token endpoint, its base URL and the headers that prove the client.

    By client credentials, or by a refresh token where one is given.
    """
    scheme, _, place = client.token_url.partition("://")
    host, _, path = place.partition("/")
    call = Call(
        method="POST",
        path=f"/{path}",
        headers=(("Content-Type", FORM), ("Accept", "application/json")),
        body=urlencode(_form(client, refresh)).encode(),
    )
    return call, f"{scheme}://{host}", _credentials(client)


def _form(client: ClientCredentials, refresh: str) -> dict[str, str]:
    form = {"grant_type": "client_credentials"}
    if refresh:
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
    if client.client_auth != BASIC:
        form["client_id"] = client.client_id
    if client.client_auth == BODY:
        form["client_secret"] = client.client_secret
    own = {"scope": client.scope, "audience": client.audience}
    return (
        form | {name: text for name, text in own.items() if text} | dict(client.params)
    )


def _credentials(client: ClientCredentials) -> Headers:
    """HTTP Basic, which every token endpoint has to take (RFC 6749, section 2.3.1: both parts form-encoded first)."""
    if client.client_auth != BASIC:
        return ()
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return (("Authorization", f"Basic {b64encode(pair.encode()).decode()}"),)


def read(reply: Reply | NoReply, client: ClientCredentials) -> Granted | NoReply:
    """The token of an answer; or why there is none, which is never the vendor's doing (`sent` is False).

    `credentials` says that a person has to act: trying again with the same would bring the same answer.
    """
    if isinstance(reply, NoReply):
        return none(reply, reply.kind, f"no access token: {reply.message}")
    answer = _answer(reply)
    granted = _granted(answer) if 200 <= reply.status <= 299 else None
    if granted:
        return granted
    fault = answer.get("error")
    fault = fault if isinstance(fault, str) else ""
    if reply.status >= 500 or reply.status in (408, 425, 429) or fault in _LATER:
        return none(reply, "refused", f"the token endpoint answered {reply.status}")
    if fault in _FAULTS or reply.status in (400, 401, 403):
        return none(reply, "credentials", _refusal(reply.status, fault, client))
    if reply.status in _GONE or 300 <= reply.status <= 399:
        return none(
            reply,
            "credentials",
            f"the token endpoint answered {reply.status}, so it has another address: check token_url",
        )
    return none(
        reply, "refused", f"the token endpoint answered {reply.status} without a token"
    )


def none(reply: Reply | NoReply, kind: str, message: str) -> NoReply:
    """No token: the vendor has seen nothing."""
    return NoReply(kind=kind, message=message, sent=False, elapsed=reply.elapsed)


def _refusal(status: int, fault: str, client: ClientCredentials) -> str:
    other = BODY if client.client_auth == BASIC else BASIC
    known = _FAULTS.get(fault, "check client_id, client_secret and scope")
    named = f" ({fault})" if fault in _FAULTS else ""
    return (
        f"the token endpoint refused the client with {status}{named}:"
        f" {known.format(other=other)}"
    )


def _answer(reply: Reply) -> dict[str, object]:
    if reply.truncated or len(reply.body) > MAX_ANSWER:
        return {}
    try:
        answer = json.loads(reply.body)
    except Malformed:
        return {}
    return dict(answer) if isinstance(answer, dict) else {}


def _granted(answer: dict[str, object]) -> Granted | None:
    access = answer.get("access_token")
    if not isinstance(access, str) or not _BEARER.fullmatch(access):
        return None
    refresh = answer.get("refresh_token")
    return Granted(
        access=access,
        lifetime=_lifetime(answer.get("expires_in")),
        refresh=refresh if isinstance(refresh, str) else "",
    )


def _lifetime(value: object) -> float:
    """In seconds; some endpoints write the number as text, or with a fraction."""
    digits = str(value).partition(".")[0] if isinstance(value, str | Decimal) else value
    return float(str(digits)) if _DIGITS.fullmatch(str(digits)) else _LIFETIME
