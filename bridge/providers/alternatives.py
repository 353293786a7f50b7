"""Other proofs that a source takes besides the one of its recipe: written under `or`, each as what differs from that.

A sender may sign in two ways, and a migration from one scheme to another takes both for a while.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from marshmallow import ValidationError

from bridge.kinds import needs
from bridge.model import Json
from bridge.providers.recipe import Recipe
from bridge.providers.recipe_schema import PLACES, RecipeSchema

_RECIPE = RecipeSchema()
_MOST = 8


def alternatives(verify: Mapping[str, Json]) -> Iterator[Recipe]:
    """The recipes under `or`, and the one that parts by position imply. Raises ValidationError."""
    known = {key: value for key, value in verify.items() if key != "or"}
    written = verify.get("or", [])
    if not isinstance(written, list) or len(written) > _MOST:
        raise ValidationError({"verify": {"or": [f"takes a list of up to {_MOST}"]}})
    for place, own in enumerate(written):
        try:
            yield _recipe(known, own)
        except ValidationError as error:
            raise ValidationError({"verify": {"or": {place: error.messages}}}) from None
    if "split" in known and not {"field", "signed"} & known.keys():
        # A time, and then proofs of it and the body, without a name: as Recurly writes them.
        yield _load({**known, "signed": ["field.1", {"text": "."}, "raw"]})


def without_place(verify: Mapping[str, Json]) -> dict[str, Json]:
    """A recipe without what says where its proof is."""
    return {key: verify[key] for key in verify if key not in (*PLACES, "items")}


def _recipe(known: Mapping[str, Json], own: Json) -> Recipe:
    if not isinstance(own, dict):
        raise ValidationError(needs("a mapping", own))
    if own.get("scheme", known.get("scheme")) != known.get("scheme"):
        known = {}
    if any(place in own for place in PLACES):
        known = without_place(known)
    return _load({**known, **own})


def _load(data: dict[str, Any]) -> Recipe:
    return cast(Recipe, _RECIPE.load(data))
