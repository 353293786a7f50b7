"""Secrets of the form that each recipe takes; key pairs are made anew in each run, so that none is ever kept."""

import base64
from functools import cache
from hashlib import sha256
from importlib import import_module

from bridge.secret import Secret

PAIRS = {
    "rsa-sha256": "rsa",
    "RS256": "rsa",
    "ecdsa-p256": "p256",
    "ES256": "p256",
    "ed25519": "ed25519",
}


def public(recipe, name: str) -> Secret:
    """What a source is configured with; another text for another name."""
    return _pair(recipe, name)[0]


def private(recipe, name: str) -> Secret:
    """What its sender signs with: the same, but for public keys."""
    return _pair(recipe, name)[1]


def _pair(recipe, name: str) -> tuple[Secret, Secret]:
    if kind := PAIRS.get(recipe.algorithm):
        return key_pair(kind, name)
    raw = sha256(name.encode()).digest()
    text = {
        "utf8": f"whsec_{name}",
        "hex": recipe.key_prefix + raw.hex(),
        "base64": recipe.key_prefix + base64.b64encode(raw).decode(),
    }[recipe.key]
    if recipe.scheme == "basic" and not recipe.username:
        text = f"user:{text}"
    return Secret(text), Secret(text)


@cache
def key_pair(kind: str, name: str) -> tuple[Secret, Secret]:
    """A new public and private key in PEM; the same ones for the same name during a run."""
    private = _generated(kind)
    form = import_module("cryptography.hazmat.primitives.serialization")
    secret = private.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    return Secret(pem(private.public_key())), Secret(secret.decode())


def pem(key) -> str:
    """A public key as text."""
    form = import_module("cryptography.hazmat.primitives.serialization")
    return key.public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def _generated(kind: str):
    keys = import_module("cryptography.hazmat.primitives.asymmetric." + _MODULE[kind])
    match kind:
        case "rsa":
            return keys.generate_private_key(public_exponent=65537, key_size=2048)
        case "p256":
            return keys.generate_private_key(keys.SECP256R1())
        case _:
            return keys.Ed25519PrivateKey.generate()


_MODULE = {"rsa": "rsa", "p256": "ec", "ed25519": "ed25519"}
