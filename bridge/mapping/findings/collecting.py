"""The findings of one reading of the folder: collected from everywhere, given out once, sorted, with their lines.

Lines that hold a literal secret are shown with <secret> in its place, whichever finding points at them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bridge.did_you_mean import did_you_mean
from bridge.mapping.findings.fixes import instead, meant
from bridge.model import Diagnostic, Fix, Place
from bridge.strict.yaml import Node

_LISTED = 20  # so many valid choices are listed, more are only suggested


class Findings:
    """Collects Diagnostics about `texts` (relative path → text)."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._lines = {file: text.splitlines() for file, text in texts.items()}
        self._found: list[Diagnostic] = []
        self._secrets: dict[tuple[str, int], list[Place]] = {}

    def add(
        self,
        code: str,
        message: str,
        place: Place,
        help: str = "",
        fixes: Iterable[Fix] = (),
    ) -> None:
        """One finding; its line of the file is added when the findings are read, and what mends it by its help."""
        given = tuple(fixes) or instead(place, help)
        self._found.append(
            Diagnostic(code=code, message=message, place=place, help=help, fixes=given)
        )

    def extend(self, found: Iterable[Diagnostic]) -> None:
        """Findings that somebody else made."""
        self._found.extend(found)

    def hide(self, node: Node) -> None:
        """From now on this scalar is never shown: it holds, or may hold, a secret."""
        place = node.place
        self._secrets.setdefault((place.file, place.line), []).append(place)

    def errors(self) -> bool:
        """Whether anything found so far stops the ruleset from being used."""
        return any(found.severity == "error" for found in self._found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings by file, line, column and code; the same finding at the same place once."""
        shown = {self._with_line(found) for found in self._found}
        return tuple(sorted(shown, key=order))

    def _with_line(self, found: Diagnostic) -> Diagnostic:
        if found.place is None:
            return found
        lines = self._lines.get(found.place.file, [])
        number = found.place.line
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        hidden = self._secrets.get((found.place.file, number), ())
        excerpt, place = line, found.place
        for secret in sorted(hidden, key=lambda one: one.column, reverse=True):
            excerpt, place = _mask(excerpt, place, secret)
        fixes = found.fixes or meant(found, line)
        if any(_touches(fix, secret) for fix in fixes for secret in hidden):
            fixes = ()
        return replace(found, excerpt=excerpt, place=place, fixes=fixes)


def suggest(name: str, choices: Iterable[str]) -> str:
    """The help for an unknown name: the nearest choice, else the list of them, else nothing."""
    known = sorted(choices)
    if (near := did_you_mean(name, known)) or not known:
        return near
    more = ", …" if len(known) > _LISTED else ""
    return f"known: {', '.join(known[:_LISTED])}{more}"


def split_fix(message: str) -> tuple[str, str]:
    """A sentence of another room as message and help: what comes after its first colon says what to do."""
    said, _, fix = message.partition(": ")
    return said, fix


def _touches(fix: Fix, secret: Place) -> bool:
    """Whether a fix writes anew what is never shown."""
    end = fix.place.column + fix.place.length
    return fix.place.column < secret.column + secret.length and secret.column < end


def _mask(line: str, place: Place, secret: Place) -> tuple[str, Place]:
    start = secret.column - 1
    masked = line[:start] + "<secret>" + line[start + secret.length :]
    if place.column == secret.column:
        place = replace(place, length=len("<secret>"))
    elif place.column < secret.column < place.column + place.length:
        longer = len("<secret>") - secret.length
        place = replace(place, length=place.length + longer)
    return masked, place


def order(found: Diagnostic) -> tuple[str, int, int, str, str]:
    """How findings are sorted: by file, line, column and code."""
    place = found.place or Place(file="", line=0, column=0)
    return place.file, place.line, place.column, found.code, found.message
