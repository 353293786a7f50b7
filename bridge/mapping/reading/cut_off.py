"""Values that end early because YAML takes ' #' for a comment. Reads nodes, and the rest of their line."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from bridge.mapping.expressions import ExpressionError
from bridge.mapping.findings import Findings
from bridge.model import Fix
from bridge.strict.yaml import Node, walk
from bridge.strict.yaml_writing import written

Fits: TypeAlias = Callable[[str], bool]

_CUT_OFF = re.compile(r" +#[^\s#]")
# Keys whose text is for people, or a payload's: anything may stand there.
_FREE = frozenset({"description", "note", "patch", "fetched", "body", "body_contains"})


def anything(_: str) -> bool:
    """Any text fits."""
    return True


def check_file(file: Node, findings: Findings) -> None:
    """The same as check_value for all that is free text."""
    for node in walk(file):
        for key in node.keys.keys() & _FREE if isinstance(node.value, dict) else ():
            for part in walk(node.get(key) or node.keys[key]):
                check_value(key, part, findings)


def check_value(
    name: str, node: Node, findings: Findings, fits: Fits = anything
) -> None:
    """A warning for a value that ends before a # right in front of a word, as in `Ticket #5`."""
    if not isinstance(node.value, str) or not _CUT_OFF.match(behind(node)):
        return
    message = f"'{name}' ends before the #: YAML reads the rest as a comment"
    text = f"{node.source}{behind(node).rstrip()}"
    spaced = "a space after the #"
    if not fits(text):
        findings.add("W614", message, node.place, f"write {spaced}")
        return
    fix = Fix(place=replace(node.place, length=len(text)), text=written(text))
    help = f"write {fix.text}, or, for a comment, {spaced}"
    findings.add("W614", message, node.place, help, (fix,))


def whole(node: Node, compiled: Callable[[str], object]) -> tuple[str, tuple[Fix, ...]]:
    """The help for an expression that is not read to its end, and its fix if that can be compiled."""
    text = f"{node.source}{behind(node).rstrip()}"
    said = "the text after a # is a comment"
    try:
        compiled(text)
    except ExpressionError:
        return f"{said}: put what belongs to it before the #", ()
    fix = Fix(place=replace(node.place, length=len(text)), text=written(text))
    return f"{said}: write the whole value in quotes: {fix.text}", (fix,)


def behind(node: Node) -> str:
    """What stands behind a value without quotes, on its line; "" for any other."""
    if node.quoted or node.block or isinstance(node.value, dict | list):
        return ""
    return node.file.text[node.written.end_mark.index :].partition("\n")[0]
