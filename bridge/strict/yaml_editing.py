"""Changes one value of a YAML text, and nothing else: every other byte stays as a person wrote it.

A value is named by its path from the root: keys and list indexes. Each change is proven before it is given out: the
new text, read again, is the old document with this one value changed. What cannot be changed so is refused.

ruamel.yaml's round trip does not serve here: it writes the whole document anew. `{ a: 1 }` becomes `{a: 1}`, all lists
get one indentation, and CR LF becomes LF.
"""

import re
from functools import lru_cache, reduce
from operator import getitem
from typing import Any, Final, TypeAlias

import yaml

from bridge.strict.yaml import Loader, Node, compose, plain
from bridge.strict.yaml_writing import key_written, written

Path: TypeAlias = tuple[str | int, ...]
# A key's text or an index, the key, and the value; the items of a list have no key.
Entry: TypeAlias = tuple[str | int, yaml.Node | None, yaml.Node]

# As a new value: the key is taken out.
NOTHING: Final = object()
_ANCHOR = re.compile(r"&([\w-]+)")
# What stands between two entries.
_BETWEEN = ", \t\r\n"
_COMMENT = re.compile("#.*")
_LINE_END = re.compile(r"\r?(\n|\Z)")


class CannotEdit(ValueError):
    """A value that cannot be changed without touching anything else, and why."""


def edited(text: str, path: Path, value: object) -> str:
    """The text with this value at the path, which is a key to add where its mapping has no such key.

    Raises CannotEdit.
    """
    old = _read(text)
    if old is None:
        raise CannotEdit("the file is not YAML")
    try:
        edit = _Edit(text, old.written)
        new = edit.remove(path) if value is NOTHING else edit.put(path, written(value))
    except ValueError as error:
        raise CannotEdit(str(error)) from None
    expected = plain(old)
    parent: Any = reduce(getitem, path[:-1], expected)  # type: ignore[arg-type]
    if value is NOTHING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = plain(_read(written(value)))
    # Unlike ==, this tells true from 1.
    if repr(plain(_read(new))) != repr(expected):
        raise CannotEdit("the text around it would change too")
    return new


# What one change has made is what the next one starts from.
@lru_cache(maxsize=1)
def _read(text: str) -> Node | None:
    """The document, None where there is something to find fault with."""
    node, findings = compose(text, "")
    return None if findings else node


class _Edit:
    """One change of a text, with the nodes that libyaml found in it."""

    def __init__(self, text: str, root: yaml.Node) -> None:
        self.text, self.root = text, root
        self.signs = _signs(text)
        self.code = _COMMENT.sub(lambda it: " " * len(it[0]), self.signs)

    def put(self, path: Path, new: str) -> str:
        """The text with a value replaced or added."""
        parent = self.find(path[:-1])
        if found := self.entry(parent, path[-1]):
            return self.replace(found[1], found[2], new)
        if not isinstance(parent, yaml.MappingNode):
            raise CannotEdit("its parent is not a mapping")
        return self.add(parent, f"{key_written(path[-1])}: {new}")

    def find(self, path: Path) -> yaml.Node:
        """The node at a path. An anchor's alias may stand for it elsewhere, so a shared one is refused."""
        node = self.root
        for step in path:
            found = self.entry(node, step)
            if not found:
                raise CannotEdit("the file has no such place")
            node = found[2]
            anchor = _ANCHOR.match(self.text, node.start_mark.index)
            if anchor and re.search(rf"\*{anchor[1]}(?![\w-])", self.signs):
                raise CannotEdit("it is shared through an anchor")
        return node

    def entry(self, node: yaml.Node, step: str | int) -> Entry | None:
        """What a collection has at a key or an index. A mapping with keys that are not its own is refused."""
        entries = _entries(node)
        for entry in entries:
            if entry[0] == step:
                return entry
        if any(entry[0] == "<<" for entry in entries):
            raise CannotEdit("it is merged from elsewhere with <<")
        return None

    def replace(self, key: yaml.Node | None, node: yaml.Node, new: str) -> str:
        """The text with a value in place of a node. What stood below its key comes to stand beside it."""
        start, end = node.start_mark.index, self.end(node)
        gap = self.text[key.end_mark.index : start] if key else ""
        if ":" in gap and (start == end or "\n" in gap and "#" not in gap):
            start -= len(gap) - gap.index(":") - 1
            new = f" {new}"
        return self.cut(start, end, new)

    def add(self, parent: yaml.MappingNode, entry: str) -> str:
        """The text with another entry in a mapping."""
        start, end = parent.start_mark.index, self.end(parent)
        if not parent.value:
            return self.cut(start, end, f"{{ {entry} }}")
        if parent.flow_style:
            at = len(self.code[: end - 1].rstrip(_BETWEEN))
            return self.cut(at, at, f", {entry}")
        newline = "\r\n" if "\r\n" in self.text else "\n"
        at = _LINE_END.search(self.text, end).start()  # type: ignore[union-attr]
        indent = " " * parent.value[0][0].start_mark.column
        return self.cut(at, at, f"{newline}{indent}{entry}")

    def remove(self, path: Path) -> str:
        """The text without a key; the last key of a mapping leaves an empty one."""
        parent, node = self.find(path[:-1]), self.find(path)
        if not isinstance(parent, yaml.MappingNode):
            raise CannotEdit("a list item cannot be removed")
        if len(parent.value) == 1:
            return self.cut(parent.start_mark.index, self.end(parent), "{}")
        starts = [key.start_mark.index for key, _ in parent.value]
        at = [key.value for key, _ in parent.value].index(path[-1])
        if at + 1 < len(starts):
            return self.cut(starts[at], starts[at + 1])
        before = self.code[: starts[at]].rstrip(_BETWEEN)
        if not parent.flow_style:
            before = self.text[: starts[at]].rstrip()
        return self.cut(len(before), self.end(node))

    def cut(self, start: int, end: int, new: str = "") -> str:
        """The text with another one in place of a part, unless more than values would be lost with that."""
        if set("&*") & set(self.code[start:end]):
            raise CannotEdit("it has an anchor or an alias")
        if "#" in self.signs[start:end]:
            raise CannotEdit("it contains a comment")
        return self.text[:start] + new + self.text[end:]

    def end(self, node: yaml.Node) -> int:
        """Where a node ends. libyaml ends block collections and block text only at what comes after them."""
        written = self.code[: node.end_mark.index].rstrip()
        return max(node.start_mark.index, len(written))


def _entries(node: yaml.Node) -> list[Entry]:
    if isinstance(node, yaml.MappingNode):
        return [(key.value, key, value) for key, value in node.value]
    items = node.value if isinstance(node, yaml.SequenceNode) else []
    return [(at, None, item) for at, item in enumerate(items)]


def _signs(text: str) -> str:
    """The text with an x for each sign of a scalar: a # begins a comment then, & and * an anchor and an alias."""
    signs = [*text]
    for token in yaml.scan(text, Loader=Loader):
        if isinstance(token, yaml.ScalarToken):
            start = token.start_mark.index
            end = len(text[: token.end_mark.index].rstrip())
            # Beside the sign of a block text a comment may stand.
            if token.style in ("|", ">"):
                start = text.find("\n", start, end) + 1 or end
            signs[start:end] = "x" * (end - start)
    return "".join(signs)
