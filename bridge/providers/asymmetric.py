"""Signatures by public key: which algorithms there are, and the same three of them as JSON Web Tokens write them.

The work is done in publickeys.py, which needs a package that not every bridge has; this module says so in its place.
"""

from importlib.util import find_spec
from types import ModuleType

from bridge.errors import ConfigurationError

ALGORITHMS = ("ecdsa-p256", "rsa-sha256", "ed25519")

_TOKENS = {"RS256": "rsa-sha256", "ES256": "ecdsa-p256"}

_HALF = 32  # bytes of each of the two numbers of a P-256 signature


def available() -> bool:
    """Whether the package that this takes is installed."""
    return find_spec("cryptography") is not None


def verified(algorithm: str, key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of the public key signed the message. Raises ConfigurationError."""
    found: bool = _keys().verified(algorithm, key, message, signature)
    return found


def signed(algorithm: str, key: bytes, message: bytes) -> bytes:
    """The signature by a private key. Raises ConfigurationError."""
    signature: bytes = _keys().signed(algorithm, key, message)
    return signature


def made(algorithm: str) -> tuple[str, str]:
    """A new private key and its public key, in PEM; takes the algorithms of JSON Web Tokens, too."""
    pair: tuple[str, str] = _keys().made(_TOKENS.get(algorithm, algorithm))
    return pair


def public_of(key: str) -> str:
    """The public key of a private one, both in PEM. Raises ConfigurationError."""
    public: str = _keys().public_of(key)
    return public


def der(signature: bytes) -> bytes:
    """A P-256 signature of two plain numbers, as JWTs hold it, in the form that `verified` takes; else empty."""
    if len(signature) != 2 * _HALF:
        return b""
    numbers = [_integer(signature[:_HALF]), _integer(signature[_HALF:])]
    body = b"".join(numbers)
    return b"\x30" + bytes([len(body)]) + body


def plain(signature: bytes) -> bytes:
    """The two numbers of what `signed` gives for P-256: the reverse of `der`."""
    length = signature[3]
    first, second = signature[4 : 4 + length], signature[6 + length :]
    return b"".join(
        number.lstrip(b"\0").rjust(_HALF, b"\0") for number in (first, second)
    )


def _integer(number: bytes) -> bytes:
    """A DER integer: no leading zeros but the one that keeps it positive."""
    digits = number.lstrip(b"\0") or b"\0"
    digits = b"\0" + digits if digits[0] & 0x80 else digits
    return b"\x02" + bytes([len(digits)]) + digits


def _keys() -> ModuleType:
    if not available():
        raise ConfigurationError(MISSING)
    from bridge.providers import publickeys

    return publickeys


MISSING = "signatures by public key need the package cryptography: pip install 'bridge[asymmetric]'"
