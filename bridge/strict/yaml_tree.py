"""YAML values that know where they are written, of what libyaml finds. Reads no text: bridge.strict.yaml does.

Where and how a value is written is made out when somebody asks for it: of most values nobody does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

import yaml

from bridge.model import Place

_NO_KEYS: "Mapping[str, Node]" = MappingProxyType({})


class Loader(yaml.CSafeLoader):
    """libyaml without PyYAML's search for a type of every value: what a value is, is decided here."""

    def resolve(self, *_: object) -> str:
        return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """The file that a node was read from."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One YAML value. `value` is a Scalar's text or number, a list of Nodes, or a dict of key text to Node."""

    value: "str | int | Decimal | bool | list[Node] | dict[str, Node] | None"
    written: yaml.Node  # as libyaml found it
    file: File
    # of a mapping: the key nodes, for places
    keys: "Mapping[str, Node]" = field(default_factory=lambda: _NO_KEYS)
    _place: Place | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def place(self) -> Place:
        """Where it stands in the file."""
        place = self._place
        if place is None:
            place = place_of(self.written, self.file)
            object.__setattr__(self, "_place", place)
        return place

    @property
    def quoted(self) -> bool:
        """Whether it is a scalar in quotes: its text starts one column later."""
        return getattr(self.written, "style", None) in ("'", '"')

    @property
    def block(self) -> bool:
        """Whether it is a | or > scalar: its text starts on the next line."""
        return getattr(self.written, "style", None) in ("|", ">")

    @property
    def source(self) -> str:
        """As it is written in the file, for mapping text offsets to columns."""
        return source_of(self.written, self.file)

    def get(self, key: str) -> "Node | None":
        """The value at a key of a mapping, None when absent or when this is not a mapping."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def at(self, path: str) -> "Node | None":
        """The value at a dotted path of keys, None when there is none."""
        node: Node | None = self
        for key in path.split("."):
            node = node.get(key) if node else None
        return node

    def items(self, key: str) -> "list[Node]":
        """What the list at a key of a mapping holds, nothing when there is no list."""
        found = self.get(key)
        return found.value if found and isinstance(found.value, list) else []

    def pairs(self, key: str) -> "dict[str, Node]":
        """What the mapping at a key of a mapping holds, nothing when there is no mapping."""
        found = self.get(key)
        return found.value if found and isinstance(found.value, dict) else {}

    def below(self, key: str) -> "Node | None":
        """What stands at a key of a mapping or, as digits, at a position in a list; None where nothing does."""
        if not isinstance(self.value, list):
            return self.get(key)
        within = key.isdigit() and int(key) < len(self.value)
        return self.value[int(key)] if within else None


def plain(node: Node | None) -> object:
    """The value without places: dict, list, str, int, Decimal, bool, None."""
    if node is None:
        return None
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the file."""
    yield node
    if isinstance(node.value, dict):
        for child in node.value.values():
            yield from walk(child)
    elif isinstance(node.value, list):
        for child in node.value:
            yield from walk(child)


def source_of(node: yaml.Node, file: File) -> str:
    """What is written in the file, for mapping text offsets to columns."""
    return file.text[node.start_mark.index : node.end_mark.index]


def place_of(node: yaml.Node, file: File) -> Place:
    """Where it is written; of what goes on over several lines, its first sign."""
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if end.line == start.line else 1
    return Place(
        file=file.name,
        line=start.line + 1,
        column=start.column + 1,
        length=max(length, 1),
    )
