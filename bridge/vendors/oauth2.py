"""OAuth 2.0 as a scheme of `auth`: what a mapping file writes, and which of it does not go together.

Knows nothing of fetching: the token endpoint is asked by bridge.outbound when a call is sent.
"""

from collections.abc import Iterator, Mapping

from bridge.model import Headers, SecretRef
from bridge.strict.outgoing import address_problem
from bridge.vendors.auth import Scheme

BASIC, BODY, NONE = "basic", "body", "none"
WAYS = (BASIC, BODY, NONE)

_OPTIONAL = tuple(
    "client_secret client_auth scope audience refresh_token params".split()
)

# What the bridge writes into the form itself, with the key that says it in a mapping file.
_OWN = {
    "client_id": "write it beside params, under client_id",
    "client_secret": "write it beside params, under client_secret",
    "refresh_token": "write it beside params, under refresh_token",
    "scope": "write it beside params, under scope",
    "audience": "write it beside params, under audience",
}


def _bearer(access_token: str) -> Headers:
    return (("authorization", f"Bearer {access_token}"),)


def _token_url_problem(url: str) -> str:
    if "?" in url and not address_problem(url.partition("?")[0]):
        return "must end before the ?: write what follows it under params"
    return address_problem(url)


def _way_problem(way: str) -> str:
    return "" if way in WAYS else f"is not one of {', '.join(WAYS)}"


def _combinations(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Each key that is wrong because of another one, with its problem."""
    secret = "client_secret" in given
    if "params" in given:
        yield from _of_params(given["params"], renews="refresh_token" in given)
    if given.get("client_auth") == NONE and secret:
        yield (
            "client_secret",
            "cannot be combined with client_auth none, which uses no secret: drop one",
        )
    if given.get("client_auth") != NONE and not secret:
        yield (
            "client_secret",
            "is required: add it, or write client_auth: none for a client without one",
        )


def _of_params(params: object, *, renews: bool) -> Iterator[tuple[str, str]]:
    if not isinstance(params, Mapping) or not params:
        yield "params", "needs names with their values: write { resource: https://… }"
        return
    for name, value in params.items():
        if name in _OWN:
            yield f"params.{name}", f"cannot be set in params: {_OWN[name]}"
        elif name == "grant_type" and renews:
            yield (
                "params.grant_type",
                "cannot be combined with refresh_token, which already sets the grant: drop one",
            )
        elif not isinstance(value, str | SecretRef) or not value:
            yield f"params.{name}", "needs text: write it in quotes"


def _problems(given: Mapping[str, object]) -> dict[str, str]:
    return dict(_combinations(given))


OAUTH2 = Scheme(
    name="oauth2",
    title="OAuth 2.0, by client credentials or a refresh token (RFC 6749); the token is fetched when a call is sent",
    headers=_bearer,
    keys=("token_url", "client_id", *_OPTIONAL),
    optional=_OPTIONAL,
    sends=("access_token",),
    literal={"token_url": _token_url_problem, "client_auth": _way_problem},
    choices={"client_auth": WAYS},
    lists=frozenset({"params"}),
    problems=_problems,
)
