"""Signatures by public key, through the package cryptography, which this module and jwk.py alone import.

asymmetric.py imports this module at first use. Private keys are here for `sign` alone: a bridge that receives has none.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from bridge.errors import ConfigurationError, Malformed
from bridge.providers import jwk
from bridge.strict import json

MIN_RSA_BITS = 2_048


def verified(algorithm: str, key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key's owner signed the message. Raises ConfigurationError for a key that cannot be used.

    The key is a public key or certificate in PEM, base64 of its DER, a JSON Web Key, or, for Ed25519, its 32 bytes in
    base64 or hex.
    """
    public = _public(algorithm, key)
    try:
        public.verify(signature, message, *_PARAMETERS[algorithm])
    except InvalidSignature:
        return False
    return True


def require(algorithm: str, key: bytes) -> None:
    """Raises ConfigurationError for a key that `verified` could not use."""
    _public(algorithm, key)


def signed(algorithm: str, key: bytes, message: bytes) -> bytes:
    """The signature by a private key in PEM. Raises ConfigurationError for any other key."""
    private = _private(key)
    _check(algorithm, private.public_key())
    signature: bytes = private.sign(message, *_PARAMETERS[algorithm])
    return signature


def made(algorithm: str) -> tuple[str, str]:
    """A new private key and its public key, in PEM."""
    private = _MAKE[algorithm]()
    secret = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return secret.decode("ascii"), _written(private.public_key())


def public_of(key: str) -> str:
    """The public key, in PEM, of a private one in PEM. Raises ConfigurationError for any other key."""
    return _written(_private(key.encode("utf-8", "surrogateescape")).public_key())


def _written(public: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    text: bytes = public.public_bytes(serialization.Encoding.PEM, form)
    return text.decode("ascii")


def _private(key: bytes) -> Any:
    try:
        return serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigurationError(
            "signing takes a private key in PEM, without a password"
        ) from None


@lru_cache(maxsize=256)
def _public(algorithm: str, key: bytes) -> Any:
    if b"PRIVATE KEY-----" in key:
        raise ConfigurationError(
            "this secret is a private key: use the sender's public key"
        )
    for read in (_jwk, _pem, _certificate, _hex, _der, _raw):
        try:
            public = read(key.strip())
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        _check(algorithm, public)
        return public
    raise ConfigurationError(
        "a secret of this source is not a public key: give the key or the sender's certificate in PEM, as "
        "base64 or as a JSON Web Key"
    )


def _pem(key: bytes) -> Any:
    return serialization.load_pem_public_key(key)


def _certificate(key: bytes) -> Any:
    """The key alone counts: the operator chose the certificate, so its dates and issuer are not looked at."""
    return x509.load_pem_x509_certificate(key).public_key()


def _der(key: bytes) -> Any:
    return serialization.load_der_public_key(_base64(key))


def _hex(key: bytes) -> Any:
    if len(key) != 64:  # what is not hex raises, too
        raise ValueError("not 32 bytes in hex")
    return ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.decode()))


def _jwk(key: bytes) -> Any:
    """RFC 7517, of the kinds that the algorithms take; RFC 8037 for Ed25519."""
    if not key.startswith(b"{"):
        raise ValueError("not JSON")
    try:
        return jwk.public(json.loads(key))
    except Malformed:
        raise ValueError("not JSON") from None


def _raw(key: bytes) -> Any:
    return ed25519.Ed25519PublicKey.from_public_bytes(_base64(key))


def _base64(key: bytes) -> bytes:
    try:
        return base64.b64decode(key, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _check(algorithm: str, public: Any) -> None:
    if not _FITS[algorithm](public):
        raise ConfigurationError(
            f"a key of this source does not fit {algorithm}: it needs {_NEEDS[algorithm]}"
        )


_PARAMETERS: Mapping[str, tuple[Any, ...]] = {
    "rsa-sha256": (padding.PKCS1v15(), hashes.SHA256()),
    "ecdsa-p256": (ec.ECDSA(hashes.SHA256()),),
    "ed25519": (),
}
_MAKE: Mapping[str, Callable[[], Any]] = {
    "rsa-sha256": lambda: rsa.generate_private_key(
        public_exponent=65537, key_size=MIN_RSA_BITS
    ),
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}
_NEEDS = {
    "rsa-sha256": f"an RSA key of at least {MIN_RSA_BITS} bits",
    "ecdsa-p256": "a key on the curve P-256",
    "ed25519": "an Ed25519 key",
}
_FITS: Mapping[str, Callable[[Any], bool]] = {
    "rsa-sha256": lambda key: (
        isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS
    ),
    "ecdsa-p256": lambda key: (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
    ),
    "ed25519": lambda key: isinstance(key, ed25519.Ed25519PublicKey),
}
