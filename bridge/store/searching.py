"""Finding the rows that a filter is about, newest first, in short reads that whoever asks may end after any of them.

A filter is asked of a window of row numbers at a time, the newest first; a window grows while the reads are quick. What
a table's rows are of (source and type; rule, connection, operation and source) has few values: those that there are
stand in an index, so that the filter is compared with them first, and the rows of each are read in order.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    and_,
    func,
    or_,
    select,
    union_all,
)

from bridge.store.database.columns import bounded, storable
from bridge.store.database.dialect import among
from bridge.store.database.engine import Database
from bridge.store.database.transaction import Transaction
from bridge.store.filtering import (
    BORROWED,
    Filter,
    deliveries_that,
    events_that,
    refused_that,
)
from bridge.store.tables import deliveries, events, rejections

Rows = Literal["events", "deliveries", "refused"]
Kinds = Sequence[tuple[Any, ...]]

WINDOW = 20_000  # row numbers in the first read
_QUICK, _SLOW = 0.05, 0.2  # seconds of a read after which windows grow and shrink
_FEW = 2_000  # rows that are looked for one by one
_KINDS = 1_000  # different values that are compared with a filter
_BRANCHES = 24  # of them, that one statement reads
# Times grow with row numbers, but for clocks that were set back: by less than this.
DISORDER = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one read gave: ids, newest first, and the number down to which all rows were looked at."""

    ids: Sequence[int]
    reached: int
    last: bool  # there is nothing below


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sort:
    """A table to find in."""

    table: Table
    time: Column[Any]
    that: Any
    kinds: tuple[str, ...]  # columns of its index of kinds, in order
    elsewhere: tuple[str, ...] = ()  # keys of rows of the other table

    @property
    def id(self) -> Column[Any]:
        return self.table.c.id


_SORTS: Mapping[Rows, _Sort] = {
    "events": _Sort(
        table=events,
        time=events.c.received_at,
        that=events_that,
        kinds=("source", "type"),
        elsewhere=BORROWED,
    ),
    "deliveries": _Sort(
        table=deliveries,
        time=deliveries.c.created_at,
        that=deliveries_that,
        kinds=("rule", "connection", "operation", "source"),
        elsewhere=("type", "event"),
    ),
    "refused": _Sort(
        table=rejections, time=rejections.c.received_at, that=refused_that, kinds=()
    ),
}


def newest(tx: Transaction, rows: Rows) -> int:
    """The number of the newest row; 0 where there is none."""
    return tx.execute(select(func.max(_SORTS[rows].id))).scalar_one() or 0


def walk(
    database: Database,
    rows: Rows,
    where: Filter,
    *,
    below: int,
    above: int = 0,
    most: int,
) -> Iterator[Step]:
    """The ids that a filter finds between two numbers, neither included; `most` at a time."""
    sort, size = _SORTS[rows], WINDOW
    with database.read() as tx:
        top = min(below, newest(tx, rows) + 1)
        low, high = _bounds(tx, sort, where, above + 1, top)
        kinds = _kinds(tx, sort, where)
        few = None if kinds == [] else _few(tx, rows, where)
    if kinds == [] or few == []:
        high = low
    while high > low:
        began = time.monotonic()
        start = low if few else max(low, high - size)
        with database.read() as tx:
            query = _page(tx, sort, where, kinds, few, start, high, most)
            ids = tx.execute(query).scalars().all()
        high = ids[-1] if len(ids) == most else start
        yield Step(ids=ids, reached=high, last=high <= low)
        size = _next(size, time.monotonic() - began)


def _next(size: int, took: float) -> int:
    if took < _QUICK:
        return size * 8
    return max(size // 4, 100) if took > _SLOW else size


def _page(
    tx: Transaction,
    sort: _Sort,
    where: Filter,
    kinds: Kinds | None,
    few: Sequence[int] | None,
    low: int,
    high: int,
    most: int,
) -> Select[Any]:
    """The numbers of a window's rows, newest first."""
    here = [sort.id >= low, sort.id < high]
    if few:
        here.append(among(tx, sort.id, few))
    if few or kinds is None or len(kinds) > _BRANCHES:
        query = select(sort.id).where(*here, sort.that(tx, where))
        return query.order_by(sort.id.desc()).limit(most)
    rest = sort.that(tx, [one for one in where if one.key not in sort.kinds])
    branches = [
        select(sort.id)
        .where(_of_kind(sort, kind), *here, rest)
        .order_by(sort.id.desc())
        .limit(most)
        for kind in kinds
    ]
    if len(branches) == 1:
        return branches[0]
    found = union_all(*(select(one.subquery()) for one in branches)).subquery()
    return select(found.c.id).order_by(found.c.id.desc()).limit(most)


def _of_kind(sort: _Sort, kind: Sequence[str]) -> ColumnElement[bool]:
    return and_(*(sort.table.c[name] == own for name, own in zip(sort.kinds, kind)))


def _kinds(tx: Transaction, sort: _Sort, where: Filter) -> Kinds | None:
    """The kinds of rows that a filter is about; None where it says nothing of them, or there are too many."""
    asked = [one for one in where if one.key in sort.kinds]
    if not asked:
        return None
    there = tx.execute(_there(sort)).all()
    if len(there) > _KINDS:
        return None
    tests = {name: _test([c for c in asked if c.key == name]) for name in sort.kinds}
    return [
        kind
        for kind in there
        if all(tests[name](own) for name, own in zip(sort.kinds, kind))
    ]


def _there(sort: _Sort) -> Select[Any]:
    """Each kind once, read off the index from one to the next: never a row of each event."""
    table, columns = sort.table, [sort.table.c[name] for name in sort.kinds]
    first = select(*columns).order_by(*columns).limit(1).subquery()
    seen = select(*first.c).cte("seen", recursive=True)
    later = table.alias("later")
    following = [later.c[name] for name in sort.kinds]

    def next_of(same: int) -> Any:
        """The next kind that has the first columns in common."""
        alike = (own == last for own, last in zip(following[:same], seen.c))
        query = select(later.c.id).where(*alike, following[same] > [*seen.c][same])
        first = query.order_by(*following[same:]).limit(1)
        return first.correlate(seen).scalar_subquery()

    # One comparison of all columns would do, but SQLite seeks by the first column alone then.
    ahead = func.coalesce(*(next_of(n) for n in reversed(range(len(columns)))))
    step = select(*columns).select_from(seen.join(table, table.c.id == ahead))
    whole = seen.union_all(step)
    return select(*whole.c).limit(_KINDS + 1)


def _test(conditions: Filter) -> Callable[[str], bool]:
    """Whether a value agrees with the conditions of one key."""
    patterns = [(one.negated, _pattern(str(one.value))) for one in conditions]
    wanted = [fits for negated, fits in patterns if not negated]
    unwanted = [fits for negated, fits in patterns if negated]

    def test(value: str) -> bool:
        if wanted and not any(fits(value) for fits in wanted):
            return False
        return not any(fits(value) for fits in unwanted)

    return test


def _pattern(value: str) -> Callable[[str], object]:
    """As filtering compares with the column: `*` is anything, else the same as it would be stored."""
    if "*" not in value:
        return bounded(storable(value)).__eq__
    parts = map(re.escape, value.split("*"))
    return re.compile(".*".join(parts), re.DOTALL).fullmatch


def _few(tx: Transaction, rows: Rows, where: Filter) -> list[int] | None:
    """All numbers that can be meant, where another table tells them and they are few; None otherwise."""
    named = [one.value for one in where if one.key == "id" and not one.negated]
    if named:
        return sorted({int(str(one)) for one in named}, reverse=True)
    asked = [one for one in where if one.key in _SORTS[rows].elsewhere]
    asked = [one for one in asked if not one.negated]
    if rows == "events":
        own = [one for one in where if one.key == "event" and not one.negated]
        if own:
            return _named(tx, own)
        return _others(tx, "deliveries", deliveries.c.event, asked)
    if rows == "deliveries" and asked:
        known = [one for one in asked if one.key == "event"]
        found = _named(tx, known) if known else None
        found = found or _others(tx, "events", events.c.id, asked)
        if found is None:
            return None
        mine = select(deliveries.c.id).where(among(tx, deliveries.c.event, found))
        return _at_most(tx, mine)
    return None


def _named(tx: Transaction, conditions: Filter) -> list[int] | None:
    """The events with these numbers or ids of their senders; None where a `*` asks for more."""
    found: set[int] = set()
    for one in conditions:
        if isinstance(one.value, int):
            found.add(one.value)
            continue
        if "*" in one.value if isinstance(one.value, str) else True:
            return None
        sources = {kind[0] for kind in tx.execute(_there(_SORTS["events"]))}
        query = select(events.c.id).where(
            events.c.source.in_(sources), events.c.event_id == one.value
        )
        found.update(tx.execute(query).scalars())
    return sorted(found)


def _others(
    tx: Transaction, rows: Rows, column: Column[Any], asked: Filter
) -> list[int] | None:
    """The events that rows of a table are about or are, where these are few."""
    if not asked:
        return None
    sort = _SORTS[rows]
    kinds = _kinds(tx, sort, asked)
    if kinds == []:
        return []
    condition = sort.that(tx, asked)
    if kinds is not None and len(kinds) <= _BRANCHES:
        rest = sort.that(tx, [one for one in asked if one.key not in sort.kinds])
        condition = and_(or_(*(_of_kind(sort, kind) for kind in kinds)), rest)
    return _at_most(tx, select(column).where(condition))


def _at_most(tx: Transaction, query: Select[Any]) -> list[int] | None:
    found = tx.execute(query.limit(_FEW + 1)).scalars().all()
    return None if len(found) > _FEW else sorted(set(found))


def _bounds(
    tx: Transaction, sort: _Sort, where: Filter, low: int, high: int
) -> tuple[int, int]:
    """The row numbers between which all are that were received in the filter's time."""
    for one in where:
        if one.negated or not isinstance(one.value, datetime):
            continue
        if one.key == "since":
            moment = one.value - DISORDER
            low = max(low, first_since(tx, sort.id, sort.time, moment, low, high))
        else:
            moment = one.value + DISORDER
            high = min(high, first_since(tx, sort.id, sort.time, moment, low, high))
    return low, high


def first_since(
    tx: Transaction, id: Any, time: Any, moment: datetime, low: int, high: int
) -> int:
    """By halving: the number below `high` from which on rows are of that time or later; `high` if none is.

    Numbers and times of a table's rows rise together.
    """
    while low < high:
        middle = (low + high) // 2
        query = select(id, time).where(id >= middle, id < high)
        row = tx.execute(query.order_by(id).limit(1)).first()
        if row is None or row[1] >= moment:
            high = middle
        else:
            low = row[0] + 1
    return low


def time_of(tx: Transaction, rows: Rows, id: int) -> datetime | None:
    """The time of the first row from this number on."""
    sort = _SORTS[rows]
    query = select(sort.time).where(sort.id >= id).order_by(sort.id).limit(1)
    return tx.execute(query).scalar_one_or_none()
