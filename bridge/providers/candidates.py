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
    """The parts of what holds the proofs by their names, else by their places from 1 on; and the proofs.

    One under another label is passed over where another is right, and so is, among bare parts of a list, what is no
    proof at all. Apart from these one that cannot be read spoils them all: two headers joined into one are not two.
    """
    parts = [part for source in recipe.place for part in _parts(recipe, view, source)]
    if not parts:
        raise Absent(" or ".join(map(str, recipe.place)))
    fields = [
        _field(recipe, part.strip(), place) for place, part in enumerate(parts, 1)
    ]
    wanted = recipe.field or "*"
    found = [text for name, text in fields if wanted in (name, "*")]
    if not found:
        raise Unreadable("no signature of the wanted kind", "no_signature")
    if len(found) > MAX_CANDIDATES:
        raise Unreadable(f"over {MAX_CANDIDATES} signatures", "too_many_signatures")
    proofs = _proofs(recipe, found)
    return (jwt.claims(proofs[0]) if recipe.scheme == "jwt" else fields), proofs


def _parts(recipe: Recipe, view: View, source: Source) -> list[str]:
    try:
        value = view.octets((source,)).decode("latin-1")
    except Absent:
        return []
    return value.split(recipe.split) if recipe.split else [value]


def _proofs(recipe: Recipe, found: list[str]) -> list[bytes]:
    """Those that can be read. Raises Unreadable where none can."""
    proofs, wrong = [], None
    for text in found:
        try:
            proofs.append(_decoded(recipe, text))
        except Unreadable as error:
            if _labelled(recipe, text) and not _bare(recipe):
                raise
            wrong = wrong or error
    if not proofs and wrong:
        raise wrong
    return proofs


def _field(recipe: Recipe, part: str, place: int) -> tuple[str, str]:
    if not recipe.field:
        return str(place), part
    name, assign, text = part.partition(recipe.assign)
    if not assign:
        raise Unreadable("the signature has a part without a name", "bad_signature")
    return name, text


def _labelled(recipe: Recipe, text: str) -> bool:
    begins = text[: len(recipe.prefix)].lower() == recipe.prefix.lower()
    return begins and text[len(recipe.prefix) :].endswith(recipe.suffix)


def _bare(recipe: Recipe) -> bool:
    """Whether it lists parts without names and labels, of which some may be something else."""
    return recipe.split == "," and not (recipe.field or recipe.prefix)


def _decoded(recipe: Recipe, text: str) -> bytes:
    if not _labelled(recipe, text):
        raise Unreadable("the signature has another label", "bad_signature")
    bare = text[len(recipe.prefix) :].removesuffix(recipe.suffix)
    return DECODE[recipe.encoding](bare)
