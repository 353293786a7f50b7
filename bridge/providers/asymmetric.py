"""Signatures by public key: which algorithms there are, and the same three of them as JSON Web Tokens write them.

The work is done in publickeys.py. It is imported at first use: most commands check no signature, and the package
behind it is large.
"""

from bridge.errors import ConfigurationError

ALGORITHMS = ("ecdsa-p256", "rsa-sha256", "ed25519")

_TOKENS = {"RS256": "rsa-sha256", "ES256": "ecdsa-p256"}

_HALF = 32  # bytes of each of the two numbers of a P-256 signature


def verified(algorithm: str, key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of the public key signed the message. Raises ConfigurationError."""
    from bridge.providers import publickeys

    return publickeys.verified(algorithm, key, message, signature)


def signed(algorithm: str, key: bytes, message: bytes) -> bytes:
    """The signature by a private key. Raises ConfigurationError."""
    from bridge.providers import publickeys

    return publickeys.signed(algorithm, key, message)


def fits(algorithm: str, key: bytes) -> bool:
    """Whether this is a public key that the algorithm takes."""
    try:
        require(algorithm, key)
    except ConfigurationError:
        return False
    return True


def require(algorithm: str, key: bytes) -> None:
    """Raises ConfigurationError for what is no public key that the algorithm takes; those of JSON Web Tokens, too."""
    from bridge.providers import publickeys

    publickeys.require(_TOKENS.get(algorithm, algorithm), key)


def made(algorithm: str) -> tuple[str, str]:
    """A new private key and its public key, in PEM; takes the algorithms of JSON Web Tokens, too."""
    from bridge.providers import publickeys

    return publickeys.made(_TOKENS.get(algorithm, algorithm))


def public_of(key: str) -> str:
    """The public key of a private one, both in PEM. Raises ConfigurationError."""
    from bridge.providers import publickeys

    return publickeys.public_of(key)


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
