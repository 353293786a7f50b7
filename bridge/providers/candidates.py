"""The proofs that a request carries: found at the recipe's places, taken apart, decoded. Nothing is compared."""

from typing import TypeAlias

from bridge.providers import jwt
from bridge.providers.encodings import DECODE
from bridge.providers.recipe import Recipe
from bridge.providers.source import Absent, Source, Unreadable
from bridge.providers.view import View

MAX_CANDIDATES = 16

Fields: TypeAlias = list[tuple[str, str]]


def candidates(recipe: Recipe, view: View) -> tuple[Fields, list[bytes]]:
    """The named parts of what holds the proofs, and the proofs. One that cannot be read spoils them all."""
    parts = [part for source in recipe.place for part in _parts(recipe, view, source)]
    if not parts:
        raise Absent(" or ".join(map(str, recipe.place)))
    fields = [_field(recipe, part.strip()) for part in parts]
    found = [text for name, text in fields if recipe.field in (name, "*")]
    if not found:
        raise Unreadable("no signature of the wanted kind", "no_signature")
    if len(found) > MAX_CANDIDATES:
        raise Unreadable(f"over {MAX_CANDIDATES} signatures", "too_many_signatures")
    proofs = [_decoded(recipe, text) for text in found]
    return (jwt.claims(proofs[0]) if recipe.scheme == "jwt" else fields), proofs


def _parts(recipe: Recipe, view: View, source: Source) -> list[str]:
    try:
        value = view.octets((source,)).decode("latin-1")
    except Absent:
        return []
    return value.split(recipe.split) if recipe.split else [value]


def _field(recipe: Recipe, part: str) -> tuple[str, str]:
    if not recipe.field:
        return "", part
    name, assign, text = part.partition(recipe.assign)
    if not assign:
        raise Unreadable("the signature has a part without a name", "bad_signature")
    return name, text


def _decoded(recipe: Recipe, text: str) -> bytes:
    prefix, rest = text[: len(recipe.prefix)], text[len(recipe.prefix) :]
    if prefix.lower() != recipe.prefix.lower():
        raise Unreadable("the signature has another label", "bad_signature")
    return DECODE[recipe.encoding](rest)
