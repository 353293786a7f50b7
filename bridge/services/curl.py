"""A rendered call as a person can read it and send it by hand: as it goes out, without secrets."""

import shlex
from collections.abc import Mapping

from bridge import vendors
from bridge.errors import ConfigurationError
from bridge.model import Connection, Delivery, Headers, SecretRef
from bridge.secret import Secret
from bridge.strict.outgoing import with_query
from bridge.vendors import Vendor

_MASKED = Secret("<secret>")


def curl(rendered: Delivery, options: Mapping[str, object]) -> list[str]:
    """The request as a command to paste; credentials read <secret>, unset options <NAME>."""
    call, url = rendered.call, url_of(rendered, options)
    return command(call.method, url, headers_of(rendered), call.body)


def command(method: str, url: str, headers: Headers, body: bytes | None) -> list[str]:
    """Any request as the lines of a curl command, unmasked."""
    lines = [f"curl -X {method} {shlex.quote(url)}"]
    for name, value in headers:
        lines.append(f"  -H {_argument(f'{name}: {value}'.encode())}")
    if body is not None:
        lines.append(f"  --data-raw {_argument(body)}")
    return [line + (" \\" if line is not lines[-1] else "") for line in lines]


def url_of(rendered: Delivery, options: Mapping[str, object]) -> str:
    """The URL of the request, with its query. `options` are the connection's, without references."""
    vendor, call = vendors.get(rendered.connection.vendor), rendered.call
    auth = _masked(rendered.connection.auth)
    assert isinstance(auth, Mapping)
    added = [] if "oauth2" in auth else vendor.signed((), auth)
    proofs = [(name, _MASKED.reveal()) for name, _ in added]
    url = f"{_base_url(vendor, rendered.connection, options)}{call.path}"
    return with_query(url, (*call.query, *proofs), safe="<>")


def headers_of(rendered: Delivery) -> Headers:
    """The headers of the call, the connection and its credentials, as they are sent, with secrets masked."""
    connection = rendered.connection
    extra = _masked(connection.options.get("headers", {}))
    auth = _masked(connection.auth)
    assert isinstance(extra, Mapping) and isinstance(auth, Mapping)
    # The token that these credentials fetch is sent.
    if "oauth2" in auth:
        auth = {"oauth2": {"access_token": _MASKED}}
    credentials = (
        (name, "Basic <secret>" if value.startswith("Basic ") else value)
        for name, value in vendors.get(connection.vendor).credentials(auth)
    )
    own = ((name, str(value)) for name, value in extra.items())
    return (*rendered.call.headers, *own, *credentials)


def _base_url(
    vendor: Vendor, connection: Connection, options: Mapping[str, object]
) -> str:
    try:
        return vendor.base_url(options)
    except ConfigurationError:
        # An option is a reference that is not set on this machine.
        named = {key: _named(value) for key, value in connection.options.items()}
        return str(named.get("base_url") or vendor.address.format_map(named))


def _masked(value: object) -> object:
    """The same shape with every reference replaced."""
    if isinstance(value, Mapping):
        return {key: _masked(item) for key, item in value.items()}
    return _MASKED if isinstance(value, SecretRef) else value


def _named(value: object) -> object:
    return f"<{value.name}>" if isinstance(value, SecretRef) else value


def _argument(raw: bytes) -> str:
    """Bytes for a shell: quoted, or as bash's $'…' if they are control characters or not UTF-8."""
    text = raw.decode("utf-8", "replace")
    if text.isprintable() and text.encode() == raw:
        return shlex.quote(text)
    plain = (chr(byte) if 31 < byte < 127 else f"\\x{byte:02x}" for byte in raw)
    escaped = {"'": "\\'", "\\": "\\\\"}
    return f"$'{''.join(escaped.get(char, char) for char in plain)}'"
