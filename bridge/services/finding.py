"""Finding events, refused requests and deliveries by a filter, newest first, a page at a time. Reads only.

Each read is short; after SECONDS a search stops and gives what it has, and its cursor continues it. All of it runs off
the loop, so that intake does not wait.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.greenlets import off_the_loop
from bridge.services import contents, cursors, filters, listing, merging, notes
from bridge.services.cursors import Place
from bridge.services.merging import Side
from bridge.store import Database, searching
from bridge.store.filtering import Kind, is_content
from bridge.store.searching import Rows, Step

SECONDS = 2.0  # that a search takes
# Newer rows that are counted. Each open page asks, so this bounds what a crowd of pages costs the intake.
MOST_NEWER = 100
_MOST = 500  # rows of a page
_AT_ONCE = 500  # ids of one read, where content has to be looked at
_ANY = 2**63 - 1

Row = Mapping[str, Any]

_TABLES: dict[Kind, tuple[Rows, ...]] = {
    "events": ("events",),
    "deliveries": ("deliveries",),
    "refused": ("refused",),
    "received": ("events", "refused"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A page of rows, newest first. `next` is the cursor of the page below, `newest` the mark of what comes later."""

    rows: Sequence[Row]
    next: str
    newest: str
    complete: bool
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """How many rows; at least so many, where it is not exact."""

    number: int
    exact: bool


def find(
    database: Database,
    kind: Kind,
    text: str,
    *,
    cursor: str = "",
    after: str = "",
    limit: int = 50,
    now: datetime,
) -> Found:
    """The newest rows of a filter, below a cursor or above a mark. Raises BadFilter and BadCursor."""
    if not 1 <= limit <= _MOST:
        raise ValueError(f"a page has 1 to {_MOST} rows")
    search = _Search(database, kind, text, now, cursor=cursor, after=after)
    return off_the_loop(lambda: search.page(limit))


def count(
    database: Database, kind: Kind, text: str, *, now: datetime, at_most: int = 10_000
) -> Counted:
    """How many rows a filter finds. Raises BadFilter."""
    search = _Search(database, kind, text, now)
    return off_the_loop(lambda: search.count(at_most))


def newer(
    database: Database, kind: Kind, text: str, *, after: str, now: datetime
) -> int:
    """How many rows came after a mark, at most MOST_NEWER. Raises BadFilter and BadCursor."""
    search = _Search(database, kind, text, now, after=after)
    return off_the_loop(lambda: search.count(MOST_NEWER)).number


class _Search:
    """One filter, read once, and the time that is left for it."""

    def __init__(
        self,
        database: Database,
        kind: Kind,
        text: str,
        now: datetime,
        *,
        cursor: str = "",
        after: str = "",
    ) -> None:
        self._database = database
        self._kind = kind
        self._text = " ".join(word.text for word in filters.words(text))
        self._below = Place(row=_ANY, refused=_ANY, now=now)
        if cursor:
            self._below = cursors.read_page(kind, self._text, cursor)
        self._above = Place(row=0, refused=0, now=now)
        if after:
            self._above = cursors.read_mark(kind, self._text, after)
        self._where = filters.parse(text, kind, self._below.now)
        self._since = filters.window(self._where, self._below.now)
        self._until = time.monotonic() + SECONDS

    def page(self, limit: int) -> Found:
        """The rows, and how it continues."""
        newest = cursors.mark(self._kind, self._text, self._top())
        sides = [self._side(table, limit) for table in _TABLES[self._kind]]
        page, places = merging.merged(sides, limit)
        stopped = max((side.at for side in sides if side.at), default=None)
        left = dict(zip(map(_place_of, _TABLES[self._kind]), places))
        place = Place(
            row=left.get("row", 0), refused=left.get("refused", 0), now=self._below.now
        )
        return Found(
            rows=page,
            next=cursors.page(self._kind, self._text, place) if any(places) else "",
            newest=newest,
            complete=stopped is None,
            note=notes.note(self._kind, self._where, self._since, stopped),
        )

    def count(self, at_most: int) -> Counted:
        """Of all tables together."""
        number = 0
        for table in _TABLES[self._kind]:
            for ids, found in self._steps(table, min(at_most + 1, _AT_ONCE)):
                number += len(ids)
                if number > at_most or (self._late() and not found.last):
                    return Counted(number=min(number, at_most), exact=False)
        return Counted(number=number, exact=True)

    def _side(self, table: Rows, limit: int) -> Side:
        """What one table has for a page, and one more."""
        ids: list[int] = []
        reached, stopped = 0, False
        for kept, found in self._steps(table, limit + 1):
            ids += kept
            reached, stopped = found.reached, self._late() and not found.last
            if len(ids) > limit or stopped:
                break
        ids, stopped = ids[: limit + 1], stopped and len(ids) <= limit
        with self._database.read() as tx:
            rows = listing.rows(tx, table, ids)
            at = listing.time_of(tx, table, reached) if stopped else None
        begun = self._place(self._below, table)
        return Side(rows=rows, begun=begun, reached=reached, stopped=stopped, at=at)

    def _steps(self, table: Rows, most: int) -> Iterator[tuple[list[int], Step]]:
        """The ids whose content agrees, read by read."""
        reads = any(map(is_content, self._where))
        if reads:
            most = max(most, _AT_ONCE)
        below, above = (self._place(one, table) for one in (self._below, self._above))
        for found in searching.walk(
            self._database, table, self._where, below=below, above=above, most=most
        ):
            if not reads:
                yield list(found.ids), found
                continue
            with self._database.read() as tx:
                yield contents.keeps(tx, table, self._where, found.ids), found

    def _top(self) -> Place:
        """Where what comes from now on begins."""
        tops = {"row": 0, "refused": 0}
        with self._database.read() as tx:
            for table in _TABLES[self._kind]:
                tops[_place_of(table)] = searching.newest(tx, table)
        return Place(**tops, now=self._below.now)

    @staticmethod
    def _place(place: Place, table: Rows) -> int:
        return place.refused if table == "refused" else place.row

    def _late(self) -> bool:
        return time.monotonic() > self._until


def _place_of(table: Rows) -> str:
    return "refused" if table == "refused" else "row"
