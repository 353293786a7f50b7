"""Which ticket system a connection reaches, and as whom: names that stay the same whatever the mapping files call it.

A *tenant* is a vendor and an address. However the address is spelt, and wherever it is written, it is one tenant: what
waits for what, the rate, the concurrency and the breaker go by it. An *account* is a tenant and a credential, named by
its reference: parking goes by it, since a wrong token says nothing about another one.

Both are hashes. An address that a reference gives may be a secret, and neither a row nor a page may show it.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

from bridge import vendors
from bridge.errors import ConfigurationError
from bridge.model import Connection, SecretRef
from bridge.secret import resolve_all
from bridge.vendors import Operation
from bridge.vendors.base import CERTIFICATE_OPTIONS

_USUAL = {"http": 80, "https": 443}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")


def named(
    connection: Connection, environ: Mapping[str, str] | None = None
) -> Connection:
    """The connection with its tenant and account. Raises UnknownName for a vendor that there is not."""
    host, path = _address(connection, environ)
    tenant = _name(connection.vendor, host + path)
    headers = connection.options.get("headers")
    # A credential may stand in a header of the connection as well.
    whom = {"auth": connection.auth, "headers": headers if headers else {}}
    whom |= {
        name: connection.options[name]
        for name in CERTIFICATE_OPTIONS
        if name in connection.options
    }
    return replace(connection, identity=(tenant, f"{tenant}-{_hash(whom)[:8]}"))


def resolved(connection: Connection, environ: Mapping[str, str] | None = None) -> bool:
    """Whether the address is known here: no reference in it is unset or unreadable."""
    return _url(connection, environ) is not None


def by_path(operation: Operation) -> bool:
    """Whether an operation's ticket is a path below the base URL."""
    return operation.ticket == ("path",)


def key(text: str) -> str:
    """A ticket's identifier, or an ordering key, as lanes write it: without blanks around it, UUIDs in lower case."""
    return _UUID.sub(lambda found: found[0].lower(), text.strip())


def path_lane(host: str, base: str, path: str) -> str:
    """The lane of a path below a base path, at a host that `root` gave. Hashed: the base path may be a secret.

    What counts is the whole address: `/v1` may stand in the base URL or before the path.
    """
    whole = _ESCAPE.sub(lambda found: found[0].upper(), base + _plain_path(path))
    return f"{host}/{sha256(key(whole).encode('utf-8', 'replace')).hexdigest()[:32]}"


def root(
    connection: Connection, environ: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """The name of the host and the base path, for `path_lane`."""
    host, path = _address(connection, environ)
    return _name(connection.vendor, host), path


def _address(
    connection: Connection, environ: Mapping[str, str] | None
) -> tuple[str, str]:
    """Host and base path, each in its one spelling; how it is written, where that is all that is known."""
    url = _url(connection, environ)
    if url is None:
        return json.dumps(_written(_where(connection)), sort_keys=True), ""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    with suppress(ValueError):
        host = ip_address(host).compressed
    with suppress(ValueError):  # a port that there is not: nothing is reached by it
        if parts.port not in (None, _USUAL[parts.scheme.lower()]):
            host = f"{host}:{parts.port}"
    return host, _plain_path(parts.path)


def _url(connection: Connection, environ: Mapping[str, str] | None) -> str | None:
    vendor = vendors.get(connection.vendor)
    try:
        options = resolve_all(_where(connection), environ)
        assert isinstance(options, dict)
        return vendor.base_url(options)
    except ConfigurationError:
        return None


def _where(connection: Connection) -> dict[str, object]:
    """The options that say where: base_url, or what stands in the vendor's own address."""
    options = connection.options
    if "base_url" in options:
        return {"base_url": options["base_url"]}
    names = re.findall(r"\{(\w+)\}", vendors.get(connection.vendor).address)
    return {name: options[name] for name in names if name in options}


def _plain_path(path: str) -> str:
    """Without doubled and closing slashes, and without the segments that lead nowhere."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    return "".join(f"/{segment}" for segment in kept)


def _name(vendor: str, address: str) -> str:
    return f"{vendor}-{_hash([vendor, address])[:16]}"


def _hash(value: object) -> str:
    text = json.dumps(_written(value), sort_keys=True, default=str)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _written(value: object) -> object:
    """References as they are written: their values are nobody's business here."""
    if isinstance(value, SecretRef):
        return {value.kind: value.name}
    if isinstance(value, Mapping):
        return {str(name): _written(item) for name, item in value.items()}
    return value
