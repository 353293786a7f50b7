"""Coalescing: skips an update if a newer one of the same rule replaces all of it (`ordering.coalesce`).

Only what certainly was never applied is dropped, and only for a delivery that waits behind it in its lane with nothing
of another rule, ticket or operation in between: what the ticket is in the end is the same, and no order changes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Row, exists, select, text

from bridge.state import State
from bridge.store.database.dialect import among
from bridge.store.database.transaction import Transaction
from bridge.store.tables import BLOCKING, attempts, deliveries, lane_marks

_MOST = 200  # deliveries looked at behind one
_ALIKE = ("rule", "connection", "operation", "ticket")


def superseded(tx: Transaction, id: int, lane: str) -> Mapping[int, int]:
    """Of the deliveries from `id` on, which is at the front of its lane: those not to be sent → the newer one each."""
    replaced: dict[int, int] = {}
    kept: list[_Update] = []
    for row in reversed(list(_run(_waiting(tx, id, lane)))):
        own = _Update(row.id, _place(row), frozenset(_leaves(row.fields)))
        newer = None if row.tried else _replacing(own, kept)
        if newer is None:
            kept.append(own)
        else:
            replaced[row.id] = newer
    there = _held(tx, {*replaced, *replaced.values()})
    return {id: newer for id, newer in replaced.items() if {id, newer} <= there}


def _held(tx: Transaction, ids: Collection[int]) -> set[int]:
    """Those that still wait, locked: nobody cancels a newer one at the moment that the older one is dropped for it."""
    mine = among(tx, deliveries.c.id, ids)
    query = select(deliveries.c.id).where(mine, deliveries.c.state == State.WAITING)
    locked = query.with_for_update(skip_locked=True, key_share=True)
    return set(tx.execute(locked).scalars())


class _Update(NamedTuple):
    """What a delivery sets, and where."""

    id: int
    place: tuple[Any, ...]
    leaves: frozenset[tuple[str, ...]]


def _replacing(own: _Update, kept: Iterable[_Update]) -> int | None:
    """A later one of the same method and address that sets every leaf that this one sets."""
    alike = (one for one in kept if one.place == own.place)
    return next((one.id for one in alike if one.leaves >= own.leaves), None)


def _place(row: Row[Any]) -> tuple[Any, ...]:
    """What a call is made to. Without a request nothing is known, and nothing is like it."""
    call = row.call
    return (call["method"], call["path"], call["query"]) if call else (row.id,)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of what an update sets; a list is replaced whole, and so is an empty object."""
    if not isinstance(value, Mapping) or not value:
        yield path
        return
    for name, item in value.items():
        yield from _leaves(item, (*path, name))


def _waiting(tx: Transaction, id: int, lane: str) -> Iterable[Row[Any]]:
    tried = exists().where(
        attempts.c.delivery == deliveries.c.id, attempts.c.verdict != "park"
    )
    mark = select(lane_marks.c.at).where(
        lane_marks.c.lane == lane, lane_marks.c.rule == deliveries.c.rule
    )
    columns = ("id", "fields", "call", "at", "stale", "state", "coalesce", "replay_of")
    query = select(
        *(deliveries.c[name] for name in (*columns, *_ALIKE)),
        tried.label("tried"),
        mark.scalar_subquery().label("newest"),
    ).where(
        deliveries.c.lane == lane,
        deliveries.c.id >= id,
        text(f"deliveries.{BLOCKING}"),
    )
    return tx.execute(query.order_by(deliveries.c.id).limit(_MOST))


def _run(rows: Iterable[Row[Any]]) -> Iterator[Row[Any]]:
    """The first of these and what follows while it may replace it: never one that will be found stale."""
    first: Row[Any] | None = None
    newest = None
    for row in rows:
        first = first or row
        newest = max(filter(None, (newest, row.newest)), default=None)
        same = all(row._mapping[name] == first._mapping[name] for name in _ALIKE)
        waits = row.state == State.WAITING and row.coalesce and row.replay_of is None
        stale = row.stale == "skip" and None not in (row.at, newest) and row.at < newest
        if stale or not (same and waits):
            return
        newest = max(filter(None, (newest, row.at)), default=None)
        yield row
