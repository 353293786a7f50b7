"""Changes one value of a YAML text, and nothing else: every other byte stays as a person wrote it.

A value is named by its path from the root: keys and list indexes. Each change is proven before it is given out: the
new text, read again, is the old document with this one value changed. What cannot be changed so is refused.
"""

from functools import lru_cache
from typing import Final, TypeAlias

import yaml

from bridge.strict import yaml_nodes
from bridge.strict.yaml import Loader, compose, plain
from bridge.strict.yaml_writing import key_written, written

Path: TypeAlias = tuple[str | int, ...]


class Nothing:
    """The type of NOTHING."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING: Final = Nothing()  # as a new value: the key is taken out


class CannotEdit(ValueError):
    """A value that cannot be changed without touching anything else, and why."""


def edited(text: str, path: Path, value: object) -> str:
    """The text with this value at the path, which is a key to add where its mapping has no such key.

    Raises CannotEdit.
    """
    try:
        edit = _Edit(text)
        new = edit.remove(path) if value is NOTHING else edit.put(path, value)
        expected = _changed(_read(text), path, value)
    except ValueError as error:
        raise CannotEdit(str(error)) from None
    except yaml.YAMLError:
        raise CannotEdit("the file is not YAML") from None
    if not _same(_read(new), expected):
        raise CannotEdit("what stands around it would change too")
    return new


@lru_cache(maxsize=1)  # what one change has made is what the next one starts from
def _read(text: str) -> object:
    """The document's value; what has findings is equal to nothing."""
    node, findings = compose(text, "")
    return plain(node) if node and not findings else object()


class _Edit:
    """One change of a text, with the nodes that libyaml found in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        root = yaml.compose(text, Loader=Loader)
        if root is None:
            raise CannotEdit("the file is empty")
        self.root = root
        self.shared = yaml_nodes.shared(self.root)

    def put(self, path: Path, value: object) -> str:
        """The text with a value replaced or added."""
        parent = self.find(path[:-1])
        for key, node in yaml_nodes.entries(parent):
            if yaml_nodes.name(key) == path[-1]:
                return self.replace(key, node, written(value))
        self.check_own(parent)
        if not isinstance(parent, yaml.MappingNode):
            raise CannotEdit("what it belongs to is no mapping")
        return self.add(parent, f"{key_written(path[-1])}: {written(value)}")

    def find(self, path: Path) -> yaml.Node:
        """The node at a path. An anchor's alias may stand for it elsewhere, so a shared one is refused."""
        node = self.root
        for step in path:
            found = [
                item
                for key, item in yaml_nodes.entries(node)
                if yaml_nodes.name(key) == step
            ]
            if not found:
                self.check_own(node)
                raise CannotEdit("the file has no such place")
            node = found[0]
            if id(node) in self.shared:
                raise CannotEdit("it is shared through an anchor")
        return node

    def check_own(self, node: yaml.Node) -> None:
        """Refuses a mapping with keys that are not its own."""
        if any(yaml_nodes.name(key) == "<<" for key, _ in yaml_nodes.entries(node)):
            raise CannotEdit("it is merged from elsewhere with <<")

    def replace(self, key: yaml.Node | int, node: yaml.Node, new: str) -> str:
        """The text with a value in place of a node. What stood below its key comes to stand beside it."""
        start, end = node.start_mark.index, yaml_nodes.end(self.text, node)
        self.check_plain(node, start, end)
        if isinstance(key, yaml.Node):
            gap = self.text[key.end_mark.index : start]
            beside = start == end or "\n" in gap and "#" not in gap
            if ":" in gap and beside:
                start = key.end_mark.index + gap.index(":") + 1
                new = f" {new}"
        return self.text[:start] + new + self.text[end:]

    def check_plain(self, node: yaml.Node, start: int, end: int) -> None:
        """Refuses what would be lost with a node: anchors, aliases and comments."""
        for one in yaml_nodes.walk(node):
            anchored = self.text.startswith("&", yaml_nodes.start(one))
            if anchored or id(one) in self.shared:
                raise CannotEdit("it has an anchor or an alias")
        at = start
        for one in yaml_nodes.leaves(node):
            self.check_gap(at, yaml_nodes.start(one))
            at = yaml_nodes.end(self.text, one)
        self.check_gap(at, end)

    def check_gap(self, start: int, end: int) -> None:
        """Refuses to lose a comment."""
        if "#" in self.text[start:end]:
            raise CannotEdit("a comment stands within it")

    def add(self, parent: yaml.MappingNode, entry: str) -> str:
        """The text with another entry in a mapping."""
        text, entries = self.text, yaml_nodes.entries(parent)
        if not entries:
            start, end = yaml_nodes.start(parent), yaml_nodes.end(text, parent)
            self.check_plain(parent, start, end)
            return f"{text[:start]}{{ {entry} }}{text[end:]}"
        last = entries[-1][1]
        at = yaml_nodes.end(text, last)
        if parent.flow_style:
            return f"{text[:at]}, {entry}{text[at:]}"
        newline = "\r\n" if "\r\n" in text else "\n"
        at = yaml_nodes.line_end(text, at)
        indent = " " * parent.value[0][0].start_mark.column
        return f"{text[:at]}{newline}{indent}{entry}{text[at:]}"

    def remove(self, path: Path) -> str:
        """The text without a key; the last key of a mapping leaves an empty one."""
        parent, _ = self.find(path[:-1]), self.find(path)
        if not isinstance(parent, yaml.MappingNode):
            raise CannotEdit("an item of a list is not taken out")
        entries: list[tuple[yaml.Node, yaml.Node]] = parent.value
        at = [yaml_nodes.name(key) for key, _ in entries].index(path[-1])
        key, node = entries[at]
        start, end = yaml_nodes.start(key), yaml_nodes.end(self.text, node)
        self.check_plain(node, key.end_mark.index, end)
        if len(entries) == 1:
            start, end = yaml_nodes.start(parent), yaml_nodes.end(self.text, parent)
            self.check_plain(parent, start, end)
            return f"{self.text[:start]}{{}}{self.text[end:]}"
        if at + 1 < len(entries):
            following = yaml_nodes.start(entries[at + 1][0])
            self.check_gap(end, following)
            return self.text[:start] + self.text[following:]
        before = yaml_nodes.end(self.text, entries[at - 1][1])
        if not parent.flow_style:
            before = max(before, len(self.text[:start].rstrip()))
        self.check_gap(before, start)
        return self.text[:before] + self.text[end:]


def _changed(tree: object, path: Path, value: object) -> object:
    """A document with one value changed."""
    step, rest = path[0], path[1:]
    if isinstance(tree, list) and isinstance(step, int):
        new = _changed(tree[step], rest, value) if rest else value
        return [*tree[:step], new, *tree[step + 1 :]]
    assert isinstance(tree, dict)
    if rest:
        return {**tree, step: _changed(tree[step], rest, value)}
    others = {key: item for key, item in tree.items() if key != step}
    return others if value is NOTHING else {**others, step: value}


def _same(one: object, other: object) -> bool:
    """Whether two documents are the same to the type: true is not 1. The order of keys is none of their value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _same(one[key], other[key]) for key in one
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    both_numbers = not isinstance(one, bool) and not isinstance(other, bool)
    return one == other and (both_numbers or type(one) is type(other))
