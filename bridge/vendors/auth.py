"""Ways to prove who calls: each turns resolved secrets into headers, and refuses what cannot be one header line.

Secrets arrive resolved and leave only inside the returned headers; no message here holds one.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bridge.errors import ConfigurationError
from bridge.model import Headers
from bridge.secret import Secret
from bridge.strict.outgoing import (
    half_character,
    header_name_problem,
    header_value_problem,
)


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """One way to prove who calls, a key under `auth:`."""

    name: str
    title: str
    headers: Callable[
        ..., Headers
    ]  # takes the secret itself, or the resolved keys by name
    keys: tuple[str, ...] = ()  # what a mapping file writes; () : the secret itself
    optional: tuple[str, ...] = ()  # of `keys`
    sends: tuple[str, ...] = ()  # what `headers` takes, where it differs from `keys`
    # What is wrong with the text of a key that is no secret, by key; "" where nothing is.
    literal: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    # The few texts that such a key may be, and keys that hold names with their values; both for whoever writes a file.
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    # What is wrong with its keys together, by key.
    problems: Callable[[Mapping[str, object]], Mapping[str, str]] = lambda given: {}
    # What it adds to the query of a call, made of that query and of what `headers` takes.
    query: Callable[..., Headers] | None = None

    def credentials(self, value: object) -> Headers:
        """The headers of a resolved value. Raises ConfigurationError for what is missing or not one header line."""
        if not (self.sends or self.keys):
            return _checked(self.name, self.headers(_text(self.name, value)))
        return _checked(self.name, self.headers(**self._texts(value)))

    def signed(self, query: Headers, value: object) -> Headers:
        """The query of a call with what a resolved value adds to it. Raises ConfigurationError for what is missing."""
        return (
            (*query, *self.query(query, **self._texts(value))) if self.query else query
        )

    def _texts(self, value: object) -> dict[str, str]:
        wanted = self.sends or self.keys
        given = value if isinstance(value, Mapping) else {}
        return {key: _text(f"{self.name}.{key}", given.get(key)) for key in wanted}


def secret_header(
    name: str, title: str, *, header: str = "authorization", prefix: str = ""
) -> Scheme:
    """The secret in one header, after a fixed prefix such as "Bearer "."""

    def headers(secret: str) -> Headers:
        if prefix and secret.lower().startswith(prefix.lower()):
            raise ConfigurationError(
                f"the secret of auth.{name} starts with '{prefix.strip()}', which the bridge adds itself: drop the word"
            )
        return ((header, prefix + secret),)

    return Scheme(name=name, title=title, headers=headers)


def bearer(title: str) -> Scheme:
    """`Authorization: Bearer …`, as in RFC 6750."""
    return secret_header("bearer", title, prefix="Bearer ")


def _basic(username: str, password: str) -> Headers:
    if problem := _user_problem(username):
        raise ConfigurationError(f"auth.basic.username {problem}")
    token = b64encode(f"{username}:{password}".encode()).decode()
    return (("authorization", f"Basic {token}"),)


def _user_problem(username: str) -> str:
    if ":" in username:
        return "contains a colon, which Basic does not allow: use another user"
    return ""


def _own_header_problem(name: str) -> str:
    return header_name_problem(name, {"idempotency-key": "name another"})


def _named_header(name: str, value: str) -> Headers:
    if problem := _own_header_problem(name):
        raise ConfigurationError(f"auth.header.name {problem}")
    return ((name, value),)


BASIC = Scheme(
    name="basic",
    title="User name and password, as in RFC 7617",
    headers=_basic,
    keys=("username", "password"),
    literal={"username": _user_problem},
)
HEADER = Scheme(
    name="header",
    title="A secret in a header of your own",
    headers=_named_header,
    keys=("name", "value"),
    literal={"name": _own_header_problem},
)


def _keyed(query: Headers, key: str, secret: str) -> Headers:
    """`apiKey`, and `s`: the HMAC over all names and values without anything between them, sorted by name."""
    pairs = sorted((*query, ("apiKey", key)))
    said = "".join(name + value for name, value in pairs)
    proof = hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()
    return (("apiKey", key), ("s", proof))


# As Flow (Chile) wants it: https://www.flow.cl/docs/api.html
SIGNED_QUERY = Scheme(
    name="signed_query",
    title="Flow.cl: apiKey in the query, and over all of the query an HMAC-SHA256 as s",
    headers=lambda key, secret: (),
    keys=("key", "secret"),
    query=_keyed,
)


def _text(path: str, value: object) -> str:
    """A secret's text, also of a plain one such as a header's name."""
    if isinstance(value, Secret):
        value = value.reveal()
    if not isinstance(value, str) or not value:
        raise ConfigurationError(
            f"auth.{path} is missing: set it to a secret reference"
        )
    if half_character(value):  # what the environment holds need not be text
        raise ConfigurationError(f"auth.{path} is not UTF-8 text: set it again")
    return value


def _checked(scheme: str, headers: Headers) -> Headers:
    for _, value in headers:
        if problem := header_value_problem(value, "paste it again without them"):
            raise ConfigurationError(f"the secret of auth.{scheme} {problem}")
    return headers
