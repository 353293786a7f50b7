"""From a Connection to a Target: where a call goes and as whom, its secrets resolved for this call.

A Target is made for each call and dropped after it: secrets are not stored, and a rotated file takes effect at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from bridge import vendors
from bridge.errors import ConfigurationError
from bridge.model import Call, Connection, Headers
from bridge.outbound.certificate import ClientCertificate
from bridge.secret import Secret, resolve_all
from bridge.strict.outgoing import header_name_problem, header_value_problem
from bridge.vendors.base import CERTIFICATE_OPTIONS


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientCredentials:
    """How an access token is asked for (RFC 6749), in the clear: by client credentials (section 4.4).

    With a `refresh_token` by that one (section 6), which is the first of perhaps many.
    """

    token_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(default="", repr=False)
    client_auth: str = "basic"  # or body, or none: bridge/vendors/oauth2.py
    scope: str = ""
    audience: str = ""
    refresh_token: str = field(default="", repr=False)
    params: Headers = field(default=(), repr=False)  # what else the form holds


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a call goes and as whom. Its headers hold secrets in the clear, so they are left out of its repr."""

    vendor: str
    base_url: str
    headers: Headers = field(default=(), repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)  # never to be kept
    oauth2: ClientCredentials | None = (
        None  # whose token is fetched when a call is sent
    )

    certificate: ClientCertificate | None = field(default=None, repr=False)

    # Adds to the query of a call what its credentials make of it; None: nothing.
    sign: Callable[[Headers], Headers] | None = field(default=None, repr=False)

    @property
    def proofs(self) -> tuple[frozenset[str], bytes]:
        """What a vendor is shown; another one where any of it changed."""
        return self.secrets, self.certificate.digest if self.certificate else b""

    def signed(self, call: Call) -> Call:
        """The call as it leaves."""
        return replace(call, query=self.sign(call.query)) if self.sign else call

    def with_token(self, token: str) -> Headers:
        """The headers together with an access token."""
        auth = {"oauth2": {"access_token": Secret(token)}}
        return (*self.headers, *vendors.get(self.vendor).credentials(auth))


def resolve_target(
    connection: Connection, environ: Mapping[str, str] | None = None
) -> Target:
    """The target of a connection. Raises ConfigurationError: MissingSecret, UnknownName, or what the vendor refuses."""
    vendor = vendors.get(connection.vendor)
    options = _resolved(connection.options, environ)
    auth = _resolved(connection.auth, environ)
    oauth2 = None
    if "oauth2" in auth and any(scheme.name == "oauth2" for scheme in vendor.auth):
        oauth2 = _client(auth["oauth2"], connection)
    # Credentials come last, so that a static header cannot take their place.
    extra = options.get("headers", {})
    credentials = () if oauth2 else vendor.credentials(auth)
    return Target(
        vendor=connection.vendor,
        base_url=vendor.base_url(options),
        headers=(*_headers(extra, connection), *credentials),
        secrets=frozenset(_secrets(auth, extra, credentials)),
        oauth2=oauth2,
        certificate=_certificate(options),
        sign=partial(vendor.signed, auth=auth) if _signs(vendor, auth) else None,
    )


def _signs(vendor: vendors.Vendor, auth: Mapping[str, object]) -> bool:
    return any(scheme.query and scheme.name in auth for scheme in vendor.auth)


def _resolved(
    values: Mapping[str, object], environ: Mapping[str, str] | None
) -> dict[str, object]:
    return {key: resolve_all(value, environ) for key, value in values.items()}


def _secrets(
    auth: Mapping[str, object], extra: object, credentials: Headers
) -> Iterator[str]:
    """What must not be kept: every resolved secret, and what the credentials' headers made of them."""
    yield from _revealed((auth, extra))
    for _, value in credentials:
        yield value.rpartition(" ")[2]  # without "Basic " or "Bearer "


def _revealed(value: object) -> Iterator[str]:
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _revealed(item)


def _certificate(options: Mapping[str, object]) -> ClientCertificate | None:
    if "client_certificate" not in options:
        return None
    certificate, key, password = (
        _text(options.get(name, "")) for name in CERTIFICATE_OPTIONS
    )
    return ClientCertificate(certificate=certificate, key=key, password=password)


def _headers(extra: object, connection: Connection) -> Headers:
    if not isinstance(extra, Mapping):
        raise ConfigurationError(
            f"connection '{connection.name}': write headers as names with values"
        )
    headers = tuple((str(name), _text(value)) for name, value in extra.items())
    for name, value in headers:
        if problem := header_name_problem(name) or header_value_problem(value):
            raise ConfigurationError(
                f"connection '{connection.name}': headers.{name} {problem}"
            )
    return headers


def _client(given: object, connection: Connection) -> ClientCredentials:
    auth = {"oauth2": given}
    for path, problem in vendors.check_auth(
        vendors.get(connection.vendor), auth
    ).items():
        raise ConfigurationError(
            f"connection '{connection.name}': auth.{path} {problem}"
        )
    assert isinstance(given, Mapping)
    params = given.get("params", {})
    texts = {key: _text(value) for key, value in given.items() if key != "params"}
    return ClientCredentials(
        **texts, params=tuple((name, _text(value)) for name, value in params.items())
    )


def _text(value: object) -> str:
    """A value's own text, which a Secret gives only when asked."""
    return value.reveal() if isinstance(value, Secret) else str(value)
