"""The providers that there are: one data file each, found by listing the folder, read at first use.

Reading these files is all the I/O of the room.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

from bridge.errors import UnknownName
from bridge.model import Json
from bridge.providers.recipe import Provider
from bridge.providers.schema import RecipeError, build
from bridge.providers.source import suggest
from bridge.strict import yaml

DATA = Path(__file__).parent / "data"
SAMPLES = Path(__file__).parent / "samples"  # tests/payloads: one home for both


@cache
def names() -> tuple[str, ...]:
    """The names of all providers, sorted."""
    return tuple(sorted(path.stem for path in DATA.glob("*.yaml")))


@cache
def get(name: str) -> Provider:
    """The provider of that name. Raises UnknownName with the nearest one, or all."""
    if name not in names():
        raise UnknownName(f"there is no provider '{name}'{suggest(name, names())}")
    return _read(DATA / f"{name}.yaml")


def samples(name: str) -> tuple[Path, ...]:
    """The recorded requests of a provider, as files, by name."""
    return tuple(sorted((SAMPLES / name).glob("*.http")))


def load(folder: Path) -> Mapping[str, Provider]:
    """The providers of any folder of data files, by name. Raises RecipeError for the first file that has faults."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.yaml"))}


def _read(path: Path) -> Provider:
    node, findings = yaml.compose(path.read_text(encoding="utf-8"), path.name)
    data = yaml.plain(node)
    if findings or not isinstance(data, dict):
        faults = {str(one.place): one.message for one in findings}
        raise RecipeError(path.stem, faults or {path.name: "is not a mapping"})
    return build(path.stem, cast(dict[str, Json], data))
