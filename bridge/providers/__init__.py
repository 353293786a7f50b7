"""Kinds of senders: how each one signs, and where an event's id, type and time are.

A provider is one file in data/, made of a few primitives; adding one needs no code (docs/adding-a-provider.md). This
room is pure: it reads its own data files at first use and knows no web framework, no database and no socket.

    get(name) ─▶ Provider ─▶ configure(…) ─▶ verify(request) ─▶ Verified ─▶ read(…) ─▶ Events

Reading order: recipe.py (the values), source.py (how places are written), schema.py, signature.py (proofs, with
candidates.py, message.py, schemes.py), read.py.
"""

from bridge.providers.asymmetric import made as key_pair
from bridge.providers.asymmetric import public_of
from bridge.providers.catalog import SAMPLES, get, load, names, samples
from bridge.providers.content import media_type, taken_as
from bridge.providers.forms import folded
from bridge.providers.greeting import Answer
from bridge.providers.handshake import answer, handshake
from bridge.providers.mask import masked
from bridge.providers.packing import most_bytes
from bridge.providers.read import read, take
from bridge.providers.recipe import Provider
from bridge.providers.schema import RecipeError, configure
from bridge.providers.signature import (
    check_secret,
    odd_secret,
    reads_unproven,
    sign,
    trust,
    verify,
)

__all__ = [
    "SAMPLES",
    "Answer",
    "Provider",
    "RecipeError",
    "answer",
    "check_secret",
    "configure",
    "folded",
    "get",
    "handshake",
    "key_pair",
    "load",
    "masked",
    "media_type",
    "most_bytes",
    "names",
    "odd_secret",
    "public_of",
    "read",
    "reads_unproven",
    "samples",
    "sign",
    "take",
    "taken_as",
    "trust",
    "verify",
]
