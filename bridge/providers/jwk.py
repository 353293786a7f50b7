"""JSON Web Keys (RFC 7517, RFC 8037) as public keys of the package cryptography."""

from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from bridge.errors import ConfigurationError
from bridge.model import Json
from bridge.providers.encodings import DECODE
from bridge.providers.source import Unreadable


def public(key: Json) -> Any:
    """The key. Raises ValueError for what is none, ConfigurationError for a private one."""
    match key:
        case {"keys": [alone]}:
            key = alone
    if not isinstance(key, dict) or key.get("kty") not in _MAKE:
        raise ValueError("no JSON Web Key of a known kind")
    if "d" in key:
        message = "this secret is a private key: use the sender's public key"
        raise ConfigurationError(message)
    return _MAKE[key["kty"]](key)  # raises ValueError for numbers that are no key


def _bytes(key: Mapping[str, Json], name: str) -> bytes:
    try:
        return DECODE["base64url"](str(key.get(name, "")))
    except Unreadable as error:
        raise ValueError(str(error)) from None


def _number(key: Mapping[str, Json], name: str) -> int:
    return int.from_bytes(_bytes(key, name), "big")


def _rsa(key: Mapping[str, Json]) -> Any:
    return rsa.RSAPublicNumbers(_number(key, "e"), _number(key, "n")).public_key()


def _ec(key: Mapping[str, Json]) -> Any:
    if key.get("crv") != "P-256":
        raise ValueError("another curve")
    x, y = _number(key, "x"), _number(key, "y")
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _okp(key: Mapping[str, Json]) -> Any:
    if key.get("crv") != "Ed25519":
        raise ValueError("another curve")
    return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(key, "x"))


_MAKE: Mapping[Any, Callable[[Mapping[str, Json]], Any]] = {
    "RSA": _rsa,
    "EC": _ec,
    "OKP": _okp,
}
