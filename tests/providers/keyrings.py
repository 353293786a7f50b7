"""Secrets of the form that each recipe takes; key pairs are made anew in each run, so that none is ever kept."""

import base64
from functools import cache
from hashlib import sha256

from bridge import providers
from bridge.secret import Secret


def public(recipe, name: str) -> Secret:
    """What a source is configured with; another text for another name."""
    return _pair(recipe, name)[0]


def private(recipe, name: str) -> Secret:
    """What its sender signs with: the same, but for public keys."""
    return _pair(recipe, name)[1]


def _pair(recipe, name: str) -> tuple[Secret, Secret]:
    if recipe.by_public_key:
        return key_pair(recipe.algorithm, name)
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
def key_pair(algorithm: str, name: str) -> tuple[Secret, Secret]:
    """A new public and private key in PEM; the same ones for the same name during a run."""
    private, public = providers.key_pair(algorithm)
    return Secret(public), Secret(private)
