"""From a dotted path, or an offset in an expression, to line and column in the mapping file. Pure; knows YAML only.

An expression's offsets count characters of the scalar's *value*; a person needs the place in the *file*, where quotes,
escapes, folded lines and indentation come in between. All of these only ever change white space, so the n-th visible
character of the value is the n-th visible character of the source.
"""

import re

from bridge.model import Place
from bridge.strict.yaml import Node

_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)|[^\\]", re.DOTALL
)
_BLANK_ESCAPES = frozenset("nrtvf _LPN\n\t")
_BLOCK_HEADER = re.compile(r"[|>][^\n]*\n?")


def place_at(node: Node, path: str) -> Place:
    """The key at a dotted path, or the nearest key above it that exists: where a missing key would be written."""
    place = node.place
    for key in path.split("."):
        if key in node.keys:
            place = node.keys[key].place
        if (below := node.below(key)) is None:
            break
        place = below.place if isinstance(node.value, list) else place
        node = below
    return place


def value_place(node: Node, path: str) -> Place:
    """The value at a dotted path, or the nearest one above it that exists."""
    for key in path.split("."):
        if (below := node.below(key)) is None:
            break
        node = below
    return node.place


def key_place(node: Node, key: str) -> Place:
    """A key of a mapping; the mapping itself where it has no such key."""
    return node.keys[key].place if key in node.keys else node.place


def place_in(node: Node, start: int, end: int) -> Place:
    """The place of value[start:end] of a text scalar; the end of its first line when it spans several."""
    text = str(node.value)
    visible = _visible(node)
    before = _count(text[:start])
    if before >= len(visible):
        return node.place
    first = visible[before]
    last = visible[max(before, min(_count(text[:end]), len(visible)) - 1)]
    return _place(node, first, last + 1)


def _place(node: Node, first: int, end: int) -> Place:
    above = node.source[:first]
    line = node.place.line + above.count("\n")
    indent = node.place.column if "\n" not in above else 1
    column = indent + first - (above.rfind("\n") + 1)
    inside = node.source[first:end].split("\n")[0]
    return Place(
        file=node.place.file, line=line, column=column, length=max(len(inside), 1)
    )


def _visible(node: Node) -> list[int]:
    """Offsets in the source of everything that is a visible character in the value, in order."""
    source = node.source
    if node.block:
        header = _BLOCK_HEADER.match(source)
        start = header.end() if header else 0
        return [at for at in range(start, len(source)) if not source[at].isspace()]
    if not node.quoted:
        return [at for at, char in enumerate(source) if not char.isspace()]
    if source.startswith('"'):
        return _double_quoted(source)
    found = re.finditer(r"''|\S", source[1:-1])
    return [match.start() + 1 for match in found]


def _double_quoted(source: str) -> list[int]:
    found = _ESCAPE.finditer(source, 1, len(source) - 1)
    return [match.start() for match in found if not _is_blank(match)]


def _is_blank(match: re.Match[str]) -> bool:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(int(code, 16)).isspace()
    if match[0].startswith("\\"):
        return match[0][1] in _BLANK_ESCAPES
    return match[0].isspace()


def _count(text: str) -> int:
    return sum(not char.isspace() for char in text)
