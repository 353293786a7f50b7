"""Patterns as they are used: what of a text matches, and the part of it that is taken.

The first match counts, and of those that begin there the longest. Where a part is taken, what stands before it takes
as much as it can, as in other languages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bridge.mapping.functions.pattern_syntax import (
    Chars,
    Group,
    Node,
    Reader,
    Repeat,
    Sequence,
    bad_pattern,
)
from bridge.mapping.functions.pattern_tables import Table, table
from bridge.mapping.values.compare import composed
from bridge.mapping.values.limits import Budget, check_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The group that is taken out of a match. `rest` is the group with what follows; it and `after` read backwards."""

    before: Table
    group: Table
    rest: Table
    after: Table

    def of(self, match: str, budget: Budget) -> str:
        """It begins at the last place where what stands before it may end and the rest may begin, and ends likewise."""
        begins = {len(match) - at for at in self.rest.ends(reversed(match), budget)}
        start = max(at for at in self.before.ends(match, budget) if at in begins)
        tail = match[start:]
        stops = {len(tail) - at for at in self.after.ends(reversed(tail), budget)}
        return tail[: max(at for at in self.group.ends(tail, budget) if at in stops)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """A pattern whose tables are made."""

    whole: Table
    begins: Table | None  # reads backwards; None for a match at the beginning alone
    last: bool  # it ends where the text ends
    part: Part | None  # what is taken; None for the whole match

    def found(self, text: str, budget: Budget) -> str | None:
        """The match or the part of it that is taken, None without a match. The work is paid for."""
        check_text(len(text))
        text = composed(text, budget)
        span = self._span(text, budget)
        if span is None:
            return None
        match = text[span[0] : span[1]]
        return self.part.of(match, budget) if self.part else match

    def _span(self, text: str, budget: Budget) -> tuple[int, int] | None:
        start = 0
        if self.begins:
            if not (marks := self.begins.ends(reversed(text), budget)):
                return None
            start = len(text) - marks[-1]
        ends = self.whole.ends(text[start:], budget)
        if not ends or (self.last and start + ends[-1] < len(text)):
            return None
        return start, start + ends[-1]


@lru_cache(maxsize=4096)  # every pattern is written in a mapping file
def pattern(source: str, *, anywhere: bool = False, taking: bool = False) -> Pattern:
    """What a pattern of match, or with `anywhere` of search, finds; with `taking` its one group. Raises E311."""
    reader = Reader(source)
    tree = reader.read()
    later = anywhere and not reader.first
    return Pattern(
        whole=table(tree),
        begins=table(tree, backwards=True, anywhere=not reader.last) if later else None,
        last=reader.last,
        part=_part(tree) if taking else None,
    )


def _part(tree: Node) -> Part | None:
    """The one group of a tree, None without a group."""
    groups = sum(isinstance(node, Group) for node in _walk(tree))
    if not groups:
        return None
    parts = tree.parts if isinstance(tree, Sequence) else (tree,)
    places = [at for at, part in enumerate(parts) if isinstance(part, Group)]
    if groups > 1 or not places:
        help = "write (?:…) for groups of choices or repetitions"
        raise bad_pattern(
            "at most one ( ) can mark the result, and not inside another", help
        )
    at = places[0]
    before, rest, after = (
        Sequence(some) for some in (parts[:at], parts[at:], parts[at + 1 :])
    )
    return Part(
        before=table(before),
        group=table(parts[at]),
        rest=table(rest, backwards=True),
        after=table(after, backwards=True),
    )


def _walk(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Group | Repeat):
        yield from _walk(node.part)
    elif not isinstance(node, Chars):
        for part in node.parts:
            yield from _walk(part)
