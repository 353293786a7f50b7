"""A pattern's tree as a table: for each state and kind of character the next state. One step a character, no way back.

So the time of a search is its text's length times a constant, whatever the pattern and whatever the sender wrote. The
states are all made before an event comes; a pattern that needs too many is refused.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bridge.mapping.functions.pattern_syntax import (
    Chars,
    Choice,
    Group,
    Node,
    Repeat,
    Sequence,
    bad_pattern,
)
from bridge.mapping.values.limits import Budget

_WALKING: Final = 64  # times what it costs to read a character
_MOST_PLACES: Final = 300  # characters in a pattern whose repetitions are written out
_MOST_VISITS: Final = 3_000
_MOST_STATES: Final = 1_000
_MOST_CELLS: Final = 50_000
_SHORTER: Final = "write a shorter one, with * or + for large numbers"


@dataclass(frozen=True, slots=True)
class Table:
    """State 0 is the first. Characters of one kind lie between two of `bounds`; -1 is the state with no way on."""

    bounds: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    accepts: tuple[bool, ...]

    def ends(self, text: Iterable[str], budget: Budget) -> list[int]:
        """After how many characters there is a match, in order; from 0, which is before the first."""
        found = [0] if self.accepts[0] else []
        rows, accepts, bounds = self.rows, self.accepts, self.bounds
        state = at = 0
        for at, code in enumerate(map(ord, text), 1):
            state = rows[state][bisect_right(bounds, code)]
            if state < 0:
                break
            if accepts[state]:
                found.append(at)
        budget.charge_text(at, _WALKING)
        return found


class Places:
    """The characters of a pattern, each with those that may follow it (Glushkov's construction), as bits."""

    def __init__(self, node: Node, *, backwards: bool) -> None:
        self.backwards = backwards
        self.visits = 0
        self.chars: list[Chars] = []
        self.follow: list[int] = []
        self.empty, self.first, self.last = self.add(node)

    def add(self, node: Node) -> tuple[bool, int, int]:
        """Whether it can be empty, and its first and last places."""
        self.visits += 1
        if self.visits > _MOST_VISITS or len(self.chars) > _MOST_PLACES:
            raise bad_pattern("it is too long", _SHORTER)
        match node:
            case Group(part):
                return self.add(part)
            case Sequence(parts):
                return self.joined(reversed(parts) if self.backwards else parts)
            case Choice(parts):
                empty, first, last = False, 0, 0
                for part in parts:
                    one = self.add(part)
                    empty, first, last = empty | one[0], first | one[1], last | one[2]
                return empty, first, last
            case Repeat(part, least, most):
                return self.repeated(part, least, most)
        self.chars.append(node)
        self.follow.append(0)
        bit = 1 << (len(self.chars) - 1)
        return False, bit, bit

    def joined(self, parts: Iterable[Node]) -> tuple[bool, int, int]:
        empty, first, last = True, 0, 0
        for part in parts:
            also_empty, begins, ends = self.add(part)
            self.lead(last, begins)
            first |= begins if empty else 0
            last = ends | (last if also_empty else 0)
            empty &= also_empty
        return empty, first, last

    def repeated(
        self, part: Node, least: int, most: int | None
    ) -> tuple[bool, int, int]:
        """Written out: a{2,4} is aa(a(a)?)?, a{2,} is aa*a."""
        if most is None:
            loop = self.add(part)
            self.lead(loop[2], loop[1])
            if least <= 1:
                return loop[0] or least == 0, loop[1], loop[2]
            begin = self.joined([part] * (least - 1))
            self.lead(begin[2], loop[1])
            first = begin[1] | (loop[1] if begin[0] else 0)
            return begin[0] and loop[0], first, loop[2] | (begin[2] if loop[0] else 0)
        empty, first, last = self.joined([part] * least)
        left = last
        for _ in range(most - least):
            also_empty, begins, ends = self.add(part)
            self.lead(left, begins)
            first |= begins if empty else 0
            left = ends | (left if also_empty else 0)
            last |= ends
        return empty, first, last

    def lead(self, last: int, first: int) -> None:
        for place in bits(last):
            self.follow[place] |= first

    def following(self, places: int) -> int:
        """The places that may come after any of these."""
        found = 0
        for place in bits(places):
            found |= self.follow[place]
        return found


def bits(number: int) -> Iterable[int]:
    """The places of the bits that are set."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


def table(node: Node, *, backwards: bool = False, anywhere: bool = False) -> Table:
    """The table of a tree; `backwards` for a text read from its end, `anywhere` for a match that begins later, too."""
    places = Places(node, backwards=backwards)
    bounds = sorted({edge for one in places.chars for edge in _edges(one)})
    kinds = [_taking(places, code) for code in (0, *bounds)]
    rows: list[tuple[int, ...]] = []
    accepts: list[bool] = []
    states = {-1: 0}  # the places that were taken last; -1 before the first
    for taken in (queue := [-1]):
        may = places.first if taken < 0 else places.following(taken)
        may |= places.first if anywhere else 0
        nothing = places.empty and (taken < 0 or anywhere)
        accepts.append(nothing or (taken > 0 and bool(taken & places.last)))
        row = []
        for kind in kinds:
            then = may & kind
            if not then and not anywhere:
                row.append(-1)
                continue
            if then not in states:
                states[then] = len(states)
                queue.append(then)
            row.append(states[then])
        rows.append(tuple(row))
        if len(rows) > _MOST_STATES or len(rows) * len(row) > _MOST_CELLS:
            raise bad_pattern("it needs too many states", _SHORTER)
    return Table(tuple(bounds), tuple(rows), tuple(accepts))


def _edges(chars: Chars) -> Iterable[int]:
    for low, high in chars.ranges:
        yield low
        yield high + 1


def _taking(places: Places, code: int) -> int:
    """The places that take a character."""
    return sum(
        1 << at
        for at, one in enumerate(places.chars)
        if any(low <= code <= high for low, high in one.ranges)
    )
