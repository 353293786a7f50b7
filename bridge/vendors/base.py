"""What a vendor and its operations are: frozen values made of data and two pure functions, build and judge.

A vendor module makes one VENDOR out of these. What is data here (identifiers, combinations, HTML fields) is checked in
one place, checks.py, for a mapping file before it runs and for rendered fields alike.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from marshmallow import Schema, ValidationError

from bridge.errors import ConfigurationError, UnknownName
from bridge.kinds import Text, made
from bridge.model import Call, Headers, Json, Outcome, Reply
from bridge.secret import Secret
from bridge.strict.json import dumps, loads
from bridge.strict.names import compose
from bridge.strict.outgoing import address_problem
from bridge.vendors.auth import Scheme
from bridge.vendors.fields import Number, Referred, WholeNumber, pem_problem, said
from bridge.vendors.headers import HeaderMap

Fields: TypeAlias = Mapping[str, Json]
Options: TypeAlias = Mapping[str, object]
Build: TypeAlias = Callable[[Fields, Options], Call]
Judge: TypeAlias = Callable[[Call, Reply], Outcome]
Merges: TypeAlias = Callable[[Mapping[str, object]], frozenset[str]]

_URL = r"https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?/?"


CERTIFICATE_OPTIONS = ("client_certificate", "client_key", "client_key_password")


def merging(*names: str) -> Merges:
    """What an operation merges that always merges these fields."""
    return lambda fields: frozenset(names)


class ConnectionOptions(Schema):
    """The keys that a connection of any vendor takes; a vendor adds its own in a subclass."""

    base_url = Text(
        "Base URL",
        description="Instead of the vendor's own address: a test tenant, a proxy, the sandbox.",
        pattern=_URL,
        shape="an address such as https://api.example.com without user, query and fragment",
        fix="write it like https://api.example.com/v2",
        check=address_problem,
        example="https://api.example.com",
    )
    headers = HeaderMap("Static headers", example={"x-api-type": "TICKET"})
    client_certificate = Referred(
        "Client certificate",
        description="PEM, followed by the certificates of its issuers. It identifies the bridge in TLS.",
        check=pem_problem,
        example="-----BEGIN CERTIFICATE-----",
    )
    client_key = Referred(
        "Its private key",
        description="PEM. Not needed if client_certificate contains it.",
        check=pem_problem,
        example="-----BEGIN PRIVATE KEY-----",
    )
    client_key_password = Referred("The password of that key", example="text")
    rate = Number("Calls per second", above=0, maximum=10_000, example=5)
    concurrency = WholeNumber("Calls at the same time", minimum=1, example=4)
    timeout = Number("Timeout of a call, in seconds", minimum=1, maximum=30, example=30)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One call of a vendor's API.

    `build` takes checked fields and a connection's options; `judge` takes any reply and never raises.
    """

    name: str  # vendor.verb, as `target:` names it
    summary: str
    doc: str = ""  # address of the vendor's own page, "" where it is not known
    schema: type[Schema]
    build: Build
    judge: Judge
    ticket: tuple[
        str, ...
    ] = ()  # fields that identify the ticket; the first one present gives the lane
    exactly_one: tuple[tuple[str, ...], ...] = ()
    at_least_one: tuple[tuple[str, ...], ...] = ()
    conflicts: tuple[
        tuple[str, str, str], ...
    ] = ()  # field, field, why not both; dotted paths
    replaces: (
        bool  # sets values, so that an older update must not overwrite a newer one
    )
    appends: frozenset[str] = (
        frozenset()
    )  # fields of which each value counts: a repeated call adds it again
    # The field by which these fields add something, "" where none does. None: the first of `appends`.
    adds: Callable[[Mapping[str, object]], str] | None = None
    # The fields, among those written, whose values join what is there instead of replacing it.
    merges: Merges = merging()
    html: frozenset[str] = frozenset()  # fields in which inserted values are escaped
    segments: frozenset[str] = frozenset()  # paths: an inserted value is no delimiter
    nulls: frozenset[str] = frozenset()  # fields inside which null is a value
    extra_fields: bool = False  # the vendor takes fields that are not listed here

    @property
    def vendor(self) -> str:
        """The name of the vendor it belongs to."""
        return self.name.partition(".")[0]

    def adding(self, fields: Mapping[str, object]) -> str:
        """The field by which a repeated call would do something a second time, "" where it would not."""
        if self.adds:
            return self.adds(fields)
        return next((name for name in sorted(self.appends) if name in fields), "")

    def accumulating(self, fields: Mapping[str, object]) -> list[str]:
        """The written fields that a later update does not simply replace: they add something, or are merged."""
        return sorted((self.appends | self.merges(fields)) & fields.keys())

    def ticket_of(self, fields: Fields) -> str:
        """What identifies the ticket, "" where nothing does (a call that makes one)."""
        return next((str(fields[name]) for name in self.ticket if name in fields), "")


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """A ticket system: its operations, where it is reached and how a caller proves who it is."""

    name: str
    title: str
    operations: tuple[Operation, ...]
    look_ups: tuple[Operation, ...] = ()  # that ask and change nothing, for `fetch`
    auth: tuple[Scheme, ...]
    auth_required: bool = True
    address: str = ""  # https://{option}.example.com; "": base_url must be given
    options: type[Schema] = ConnectionOptions
    parks_on_403: bool = False  # 403 means bad credentials, not a missing permission
    idempotency_header: str | None = None  # carries the delivery's idempotency key

    def base_url(self, options: Options) -> str:
        """Where calls go, without a closing slash. Raises ConfigurationError for a missing or malformed option."""
        if "base_url" in options:
            return self._option("base_url", options).rstrip("/")
        if not self.address:
            raise ConfigurationError(
                f"{self.name} has no address of its own: write base_url in the connection"
            )
        return re.sub(
            r"\{(\w+)\}", lambda found: self._option(found[1], options), self.address
        )

    def credentials(self, auth: Mapping[str, object]) -> Headers:
        """The headers of resolved auth: one scheme to its secret. Raises ConfigurationError, never with the secret."""
        scheme = self._scheme(auth)
        return scheme[0].credentials(scheme[1]) if scheme else ()

    def key_header(self, key: str | None) -> Headers:
        """The header that carries a delivery's idempotency key; none where there is no key, or the vendor has none."""
        name = self.idempotency_header
        return ((name, key),) if name and key else ()

    def signed(self, query: Headers, auth: Mapping[str, object]) -> Headers:
        """The query of a call as resolved auth wants it, for the few schemes that sign there."""
        scheme = self._scheme(auth)
        return scheme[0].signed(query, scheme[1]) if scheme else query

    def _scheme(self, auth: Mapping[str, object]) -> tuple[Scheme, object] | None:
        """The one scheme of auth with its value; None where there is no auth, and none is needed."""
        if not auth and not self.auth_required:
            return None
        known = {scheme.name: scheme for scheme in self.auth}
        choices = ", ".join(known)
        if len(auth) != 1:
            raise ConfigurationError(
                f"{self.name} needs exactly one scheme under auth: {choices}"
            )
        [(name, value)] = auth.items()
        if name not in known:
            raise UnknownName(
                f"{self.name} does not support auth '{name}': use {choices}"
            )
        return known[name], value

    def _option(self, name: str, options: Options) -> str:
        """An option's text, checked again: a reference was resolved after the mapping file was."""
        value: Any = options.get(name)
        if isinstance(value, Secret):
            value = value.reveal()
        if not value:
            raise ConfigurationError(
                f"{self.name} needs {name} or base_url in the connection"
            )
        return _checked(self.options, name, str(value))


@lru_cache(maxsize=1_000)
def _checked(options: type[Schema], name: str, value: str) -> str:
    """An option's text. Raises ConfigurationError where it has not the option's form."""
    try:
        made(options).fields[name].deserialize(value)
    except ValidationError as error:
        raise ConfigurationError(
            f"connection option {name} {said(error.messages[0])}"
        ) from None
    return value


def json_call(method: str, path: str, body: Any) -> Call:
    """A call whose body is JSON with exact numbers."""
    headers = (("content-type", "application/json"), ("accept", "application/json"))
    return Call(method=method, path=path, headers=headers, body=dumps(body))


def sends_json(method: str, path: str, *, composed: Collection[str] = ()) -> Build:
    """A build that sends the fields as they are, except that `composed` ones are put into NFC.

    Names that a vendor compares with its configuration are found only in the form they were typed there.
    """

    def build(fields: Fields, options: Options) -> Call:
        body = dict(fields)
        for name in composed:
            if isinstance(value := body.get(name), str):
                body[name] = compose(value)
        return json_call(method, path, body)

    return build


def sent(call: Call) -> dict[str, Any]:
    """The fields that a JSON call carried."""
    body: Any = loads(call.body or b"{}")
    return body if isinstance(body, dict) else {}
