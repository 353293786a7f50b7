"""YAML without surprises: composed by libyaml, resolved here, every node with its place.

Only `true`, `false`, `null` and plain decimals are not text: `no`, `on`, `12:30`, `0123`, `1e5` and dates stay text.
Duplicate keys, tags, several documents, and anchors that expand to too much are findings. Anchors and `<<` merges are
expanded. A Node is a value with a place; `plain(node)` drops the places.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

import yaml

from bridge.model import Diagnostic, Fix, Place
from bridge.strict.yaml_errors import Put, in_quotes
from bridge.strict.yaml_guesses import guess
from bridge.strict.yaml_mending import mending
from bridge.strict.yaml_tree import File, Loader, Node, place_of, plain, source_of, walk

__all__ = ["Loader", "Node", "compose", "plain", "resolve", "walk"]

MAX_DEPTH = 50
MAX_NODES = 100_000  # per file, after anchors are expanded

Fits: TypeAlias = "Callable[[Node, int], bool]"

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,99})(?P<point>\.[0-9]{1,99})?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def compose(
    text: str,
    file: str,
    *,
    bare: Collection[str] = (),
    fits: Fits = lambda node, line: True,
) -> tuple[Node | None, list[Diagnostic]]:
    """The document of one file and all findings about its YAML. The node is None when nothing can be read.

    An unquoted {{ … }} is a finding, and read as the text it was meant to be; `bare` keys should have no braces at all.
    A text is proposed for a mistake only if the node fits then, at the line (from 1) where the text is put.
    """
    findings: list[Diagnostic] = []
    lines = text.splitlines()
    try:
        documents = list(yaml.compose_all(text, Loader=Loader))
    except (yaml.MarkedYAMLError, yaml.reader.ReaderError, RecursionError) as error:
        return None, [_syntax(error, file, lines, bare, fits)]
    if len(documents) != 1:
        return None, [_documents(documents, file, lines)]
    builder = _Builder(File(name=file, text=text), lines, findings, bare)
    try:
        node = builder.build(documents[0], 0)
    except _TooMuch as error:
        return None, [*findings, error.finding]
    return node, findings


_NULL = re.compile(r"!null\s*\Z")  # null where a plain one means something else


def is_value(node: "Node") -> bool:
    """Whether a node is null as a value, `!null`, where a plain null deletes or leaves out."""
    return bool(_NULL.match(source_of(node.written, node.file)))


class _TooMuch(Exception):
    def __init__(self, finding: Diagnostic) -> None:
        self.finding = finding


class _Builder:
    """Turns PyYAML's nodes into ours; counts what anchors expand to, so that an alias bomb ends early."""

    def __init__(
        self,
        file: File,
        lines: list[str],
        findings: list[Diagnostic],
        bare: Collection[str],
    ) -> None:
        self.file, self.lines, self.findings = file, lines, findings
        self.bare = bare
        self.count = 0
        self.tagged = "!" in file.text

    def build(self, node: yaml.Node, depth: int) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise self.too_much(f"expands to more than {MAX_NODES} values", node)
        if depth > MAX_DEPTH:
            raise self.too_much("is nested too deeply", node)
        if self.tagged and _NULL.match(source_of(node, self.file)):
            return Node(value=None, written=node, file=self.file)
        if self.tagged and source_of(node, self.file).startswith("!"):
            message = "YAML tags (a value that starts with !) are not used here"
            help = "drop it; write text in quotes, and a secret as { env: NAME }"
            found = self.finding("M005", message, node, help)
            self.findings.append(replace(found, fixes=self.untagged(node, found)))
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if isinstance(node, yaml.SequenceNode):
            items = [self.build(item, depth + 1) for item in node.value]
            return Node(value=items, written=node, file=self.file)
        assert isinstance(node, yaml.MappingNode)
        return self.mapping(node, depth)

    def untagged(self, node: yaml.Node, found: Diagnostic) -> tuple[Fix, ...]:
        """The fix of text with the tag that says so."""
        line = node.start_mark.line == node.end_mark.line
        if not isinstance(node, yaml.ScalarNode) or not line or not found.place:
            return ()
        told = source_of(node, self.file).startswith("!!str ")
        simple = told and node.value.isprintable() and not {*node.value} & {*'"\\'}
        return (Fix(place=found.place, text=f'"{node.value}"'),) if simple else ()

    def too_much(self, what: str, node: yaml.Node) -> _TooMuch:
        message = f"the file {what}: split it or drop the anchors"
        return _TooMuch(self.finding("M004", message, node))

    def mapping(self, node: yaml.MappingNode, depth: int) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        merged_keys: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                finding = self.bad_key(key_node)
                self.findings.append(finding)
                if finding.code == "M007":
                    return self.as_text(node)
                continue
            key, name = key_node.value, self.scalar(key_node)
            value = self.build(value_node, depth + 1)
            if key == "<<" and not key_node.style:
                self.merge(value, merged, merged_keys)
            elif key in values:
                message = f"duplicate key '{key}', first on line {keys[key].place.line}"
                help = "keep one of the two"
                self.findings.append(self.finding("M002", message, key_node, help))
            else:
                values[key], keys[key] = value, name
        return Node(
            value={**merged, **values},
            written=node,
            file=self.file,
            keys={**merged_keys, **keys},
        )

    def merge(
        self, value: Node, values: dict[str, Node], keys: dict[str, Node]
    ) -> None:
        """`<<`: a mapping or a list of mappings; the earlier one wins, as YAML 1.1 says."""
        for source in value.value if isinstance(value.value, list) else [value]:
            if not isinstance(source, Node) or not isinstance(source.value, dict):
                message = "'<<' takes a mapping or a list of mappings"
                found = _finding("M006", message, value.place, self.lines)
                self.findings.append(found)
                continue
            for key, item in source.value.items():
                if key not in values:
                    values[key], keys[key] = item, source.keys[key]

    def scalar(self, node: yaml.ScalarNode) -> Node:
        value = node.value if node.style else resolve(node.value)
        return Node(value=value, written=node, file=self.file)

    def as_text(self, node: yaml.Node) -> Node:
        """A node as the plain text it is written as."""
        return Node(value=source_of(node, self.file), written=node, file=self.file)

    def bad_key(self, node: yaml.Node) -> Diagnostic:
        """A key that is a mapping is nearly always `{{ … }}` without quotes, which YAML reads as nested mappings."""
        place = place_of(node, self.file)
        line = place.line - 1
        help, put = in_quotes(line, self.lines[line], self.bare)
        message = "an expression needs quotes" if help else "a key must be plain text"
        code = "M007" if help else "M006"
        found = _finding(code, message, place, self.lines, help)
        return replace(found, fixes=_fix(put, self.file.name) if put else ())

    def finding(
        self, code: str, message: str, node: yaml.Node, help: str = ""
    ) -> Diagnostic:
        return _finding(code, message, place_of(node, self.file), self.lines, help)


def resolve(text: str) -> str | int | Decimal | bool | None:
    """The value of a scalar without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if number := _NUMBER.fullmatch(text):
        return Decimal(text) if number["point"] else int(text)
    return text


def _finding(
    code: str, message: str, place: Place, lines: list[str], help: str = ""
) -> Diagnostic:
    excerpt = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    return Diagnostic(
        code=code, message=message, place=place, excerpt=excerpt, help=help
    )


def _documents(documents: list[yaml.Node], file: str, lines: list[str]) -> Diagnostic:
    """The finding for a file of no document, or for the --- before the second one."""
    message = f"the file has {len(documents)} YAML documents, but must have one"
    line, help = 1, "write version: 1"
    if documents:
        second = min(documents[1].start_mark.line, len(lines) - 1)
        marks = (at for at in range(second, 0, -1) if lines[at].startswith("---"))
        line = next(marks, second) + 1
        help = "drop the line ---, or put what follows into a file of its own"
    place = Place(file=file, line=line, column=1, length=3 if documents else 1)
    found = _finding("M003", message, place, lines, help)
    if not documents or lines[line - 1].rstrip() != "---":
        return found
    return replace(found, fixes=(Fix(place=place, text=""),))


def _syntax(
    error: Exception, file: str, lines: list[str], bare: Collection[str], fits: Fits
) -> Diagnostic:
    """The finding for text that is not YAML."""

    def reads(text: str, line: int) -> bool:
        node, found = compose(text, "", bare=bare)
        there = [one for one in found if one.place and one.place.line == line]
        return node is not None and not there and fits(node, line)

    reason = guess(error, lines, bare)
    place = Place(file=file, line=reason.line + 1, column=reason.column + 1)
    message = f"not YAML: {reason.message}"
    found = _finding("M001", message, place, lines, reason.help)
    put = mending(reason.puts, error, lines, reads)
    return replace(found, fixes=_fix(put, file)) if put else found


def _fix(put: Put, file: str) -> tuple[Fix, ...]:
    length = put.end - put.start
    place = Place(file=file, line=put.line + 1, column=put.start + 1, length=length)
    return (Fix(place=place, text=put.text),)
