"""A JSON value as a tree of rows for a page: bounded, each leaf with its path as an expression would write it. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bridge.model import Json

# Rows of one tree: a page with more is slow to make, and nobody reads it.
MOST = 2_000
# Characters of one text.
LONGEST = 2_000
# Bytes of a payload whose branches begin closed.
LARGE = 256 * 1024
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """One value with its name: a leaf has `text`, a branch has `children`."""

    name: str
    path: str
    # object, list, text, number, boolean or null
    kind: str
    text: str = ""
    # How many values it has, if it is an object or a list.
    size: int = 0
    children: Sequence["Branch"] = ()
    # How many of them are left out.
    left_out: int = 0


class _Budget:
    """How many rows may still be made."""

    def __init__(self, rows: int) -> None:
        self.left = rows

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


def tree(value: Json, root: str = "event", *, most: int = MOST) -> Branch:
    """The tree of a value; `root` is how expressions name it."""
    return _branch(root, root, value, _Budget(most))


def step(path: str, key: str | int) -> str:
    """The path of something inside: `event.data`, `event.items[0]`, `event["odd key"]`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _NAME.fullmatch(key):
        return f"{path}.{key}"
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'


def _branch(name: str, path: str, value: Json, budget: _Budget) -> Branch:
    if isinstance(value, dict | list):
        children = [*_children(path, value, budget)]
        return Branch(
            name=name,
            path=path,
            kind="object" if isinstance(value, dict) else "list",
            size=len(value),
            children=children,
            left_out=len(value) - len(children),
        )
    kind, text = _leaf(value)
    return Branch(name=name, path=path, kind=kind, text=text)


def _children(
    path: str, value: "dict[str, Json] | list[Json]", budget: _Budget
) -> Iterator[Branch]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in pairs:
        if not budget.take():
            return
        yield _branch(str(key), step(path, key), one, budget)


def _leaf(value: Json) -> tuple[str, str]:
    match value:
        case None:
            return "null", "null"
        case bool():
            return "boolean", str(value).lower()
        case int() | Decimal():
            return "number", str(value)
    text = str(value)
    cut = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    return "text", cut
