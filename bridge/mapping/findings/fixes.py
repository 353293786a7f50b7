"""What to write instead, as text that a program can put into the file. Made from helps and places; changes no file.

A fix never spans lines: what would is advice alone.
"""

import re

from bridge.did_you_mean import MEANT
from bridge.mapping.findings.places import place_in
from bridge.model import Advice, Diagnostic, Fix, Place
from bridge.strict.yaml import Node, compose
from bridge.strict.yaml_writing import quoted, written

_NAME = re.compile(r"[\w./-]+")
_QUOTES = ("'", '"')
# What may stand before a value outside of brackets.
_ALONE = re.compile(r"\s*(?:- +)*(?:[\w.-]+: +)?")


def instead(place: Place, help: str) -> tuple[Fix, ...]:
    """The fixes of a help that says what stands for everything at the place."""
    if not isinstance(help, Advice) or help.span:
        return ()
    return tuple(Fix(place=place, text=text) for text in help.instead)


def within(node: Node, start: int, end: int, *texts: str) -> tuple[Fix, ...]:
    """What replaces value[start:end] of a text, written as that is; nothing where it takes several lines."""
    return tuple(fix for text in texts if (fix := _part(node, start, end, text)))


def written_for(parent: Node, node: Node, help: str) -> tuple[Fix, ...]:
    """The fixes of a help about a value, in which … is what is written there."""
    if not isinstance(help, Advice) or "\n" in node.source:
        return ()
    texts = (text.replace("…", node.source) for text in help.instead)
    if not isinstance(parent.value, list):
        block = isinstance(node.value, dict) and not _in_brackets(node)
        return () if block else tuple(Fix(place=node.place, text=it) for it in texts)
    between = ", " if _in_brackets(parent) else f"\n{' ' * (node.place.column - 3)}- "
    entries = (
        between.join(text[1:-1].split(", ")) if text.startswith("[") else text
        for text in texts
    )
    return tuple(Fix(place=node.place, text=text) for text in entries)


def _in_brackets(node: Node) -> bool:
    return bool(getattr(node.written, "flow_style", False))


def meant(found: Diagnostic, line: str) -> tuple[Fix, ...]:
    """The fix of a help that names the nearest of what is known. `line` is the text that the place points into."""
    named = MEANT.match(found.help)
    if not named or not found.place:
        return ()
    start = found.place.column - 1
    there = line[start : start + found.place.length]
    sign = there[:1] if there[:1] in _QUOTES else ""
    bare = not sign and line[:start][-1:] not in _QUOTES
    if bare and not _NAME.fullmatch(named[1]):
        return ()
    return (Fix(place=found.place, text=f"{sign}{named[1]}{sign}"),)


def _part(node: Node, start: int, end: int, text: str) -> Fix | None:
    value = str(node.value)
    if "\n" not in node.source:
        wanted = f"{value[:start]}{text}{value[end:]}"
        return Fix(place=node.place, text=_scalar(node, wanted))
    place = place_in(node, start, end)
    line = node.file.text.splitlines()[place.line - 1]
    there = line[place.column - 1 : place.column - 1 + place.length]
    if there != value[start:end] or "\n" in text:
        return None
    wanted = f"{value[:start]}{text}{value[end:]}"
    same = node.block or _reads(node, place, text, wanted)
    return Fix(place=place, text=text) if same else None


def _reads(node: Node, place: Place, text: str, wanted: str) -> bool:
    """Whether a text over several lines, in quotes or without, is the wanted one with its part written so."""
    before = node.source.splitlines(keepends=True)[: place.line - node.place.line]
    start = sum(map(len, before)) + place.column
    start -= 1 if before else node.place.column
    source = f"{node.source[:start]}{text}{node.source[start + place.length :]}"
    for form in (f"- {source}", f"[{source}]"):
        read, wrong = compose(form, "")
        items = read.value if read and not wrong else None
        if not isinstance(items, list) or [one.value for one in items] != [wanted]:
            return False
    return True


def _scalar(node: Node, value: str) -> str:
    """A text as a scalar in the quotes that it has, or needs."""
    if node.source.startswith("'"):
        doubled = value.replace("'", "''")
        return f"'{doubled}'"
    if node.source.startswith('"'):
        return quoted(value)
    start = node.written.start_mark.index
    if _ALONE.fullmatch(node.file.text[start - node.place.column + 1 : start]):
        read, wrong = compose(f"key: {value}", "")
        inner = read.get("key") if read and not wrong else None
        if inner and inner.value == value:
            return value
    return written(value)
