"""Backlogs: the waiting deliveries of one connection spec, source and rule, in order of their due times.

Who may be sent next is decided backlog by backlog, so that what is parked, paused or out of budget costs one look
however long it is, and sources take turns. A backlog is an order of looking, not a promise: a lane (lanes.py) says what
must not overtake what, and one lane may stand in several backlogs. All of a backlog goes to one tenant and by one
account, since those are the spec's.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, or_, select, text, tuple_

from bridge.model import Connection
from bridge.state import State
from bridge.store import specs
from bridge.store.database import prepared
from bridge.store.database.columns import Identity, Moment
from bridge.store.database.transaction import Transaction
from bridge.store.pauses import concerns
from bridge.store.queue.lanes import BLOCKER
from bridge.store.tables import deliveries, lane_marks, pauses

_PAGE = 20  # deliveries read at once

# Jumps from the first delivery of a backlog to that of the next one: the index holds them side by side.
_NEXT = (
    f"(SELECT n.id FROM deliveries AS n WHERE n.state = '{State.WAITING}' AND NOT n.behind AND {{}}"
    " ORDER BY n.connection, n.spec, n.source, n.rule, n.due_at, n.id LIMIT 1)"
)
_SAME_SPEC = "n.connection = f.connection AND n.spec = f.spec"
_FIRSTS = f"""
WITH RECURSIVE firsts (id) AS (
    SELECT {_NEXT.format("true")}
    UNION ALL
    SELECT coalesce(
        {_NEXT.format(f"{_SAME_SPEC} AND n.source = f.source AND n.rule > f.rule")},
        {_NEXT.format(f"{_SAME_SPEC} AND n.source > f.source")},
        {_NEXT.format("n.connection = f.connection AND n.spec > f.spec")},
        {_NEXT.format("n.connection > f.connection")})
    FROM firsts JOIN deliveries AS f ON f.id = firsts.id
)
SELECT id FROM firsts WHERE id IS NOT NULL
"""

_firsts = text(_FIRSTS).columns(deliveries.c.id).subquery("firsts")
# Statements are made once: putting one together takes longer than running it.
FRONTS = select(
    *(deliveries.c[name] for name in ("connection", "spec", "source", "rule", "due_at"))
).join(_firsts, _firsts.c.id == deliveries.c.id)
PAUSES = select(pauses)
_newest = select(lane_marks.c.at).where(
    lane_marks.c.lane == deliveries.c.lane, lane_marks.c.rule == deliveries.c.rule
)
_columns = ("id", "lane", "rule", "at", "stale", "coalesce", "due_at")
_place = tuple_(deliveries.c.due_at, deliveries.c.id)
_due = (
    select(
        *(deliveries.c[name] for name in _columns),
        BLOCKER.label("blocker"),
        _newest.scalar_subquery().label("newest"),
    )
    .where(
        text(f"deliveries.state = '{State.WAITING}' AND NOT deliveries.behind"),
        deliveries.c.connection == bindparam("connection"),
        deliveries.c.spec == bindparam("spec"),
        deliveries.c.source == bindparam("source"),
        deliveries.c.rule == bindparam("rule"),
        # From the first one on: an index entry of before it may be long finished, and kept for somebody's old snapshot.
        deliveries.c.due_at >= bindparam("first"),
        deliveries.c.due_at <= bindparam("now"),
    )
    .order_by(*_place)
    .limit(_PAGE)
    .with_for_update(skip_locked=True, key_share=True)
)
_after = _place > tuple_(
    bindparam("due_at", type_=Moment), bindparam("id", type_=Identity)
)
_stopped = exists().where(  # by its ticket, whatever the number of those
    pauses.c.ticket == deliveries.c.ticket,
    *(
        or_(pauses.c[name].is_(None), pauses.c[name] == deliveries.c[name])
        for name in ("source", "rule", "connection")
    ),
)
_UNPAUSED, _NEXT_DUE = _due.where(~_stopped), _due.where(_after)
_UNPAUSED_NEXT = _NEXT_DUE.where(~_stopped)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """One, as its first delivery shows it."""

    name: str  # of its connection, as its deliveries have it
    spec: str  # the hash of its connection
    connection: Connection
    source: str
    rule: str
    due_at: datetime  # of the first one

    paused: bool = False  # whether a person stopped tickets that may be in it


def all_of(tx: Transaction) -> list[Backlog]:
    """Every backlog with something at the front of its lane, without what people stopped."""
    with prepared.pipelined(tx):
        fronts = prepared.execute(tx, FRONTS)
        stopped = prepared.execute(tx, PAUSES)
    return standing(tx, fronts.rows(), stopped.rows())


def standing(
    tx: Transaction,
    fronts: Iterable[Any],
    stopped: Sequence[Any],
    off: Collection[str] = (),
) -> list[Backlog]:
    """As `all_of`, by the rows of FRONTS and PAUSES, and without the rules in `off`."""
    each = (_with_pauses(_backlog(tx, row), stopped) for row in fronts)
    return [one for one in each if one is not None and one.rule not in off]


def _with_pauses(backlog: Backlog, stopped: Sequence[Any]) -> Backlog | None:
    """The backlog, and whether tickets are paused in it; None when all of it is."""
    tickets = [row.ticket for row in stopped if _agrees(row, backlog)]
    return None if None in tickets else replace(backlog, paused=bool(tickets))


def _agrees(pause: Any, backlog: Backlog) -> bool:
    """Whether all that a pause says fits a backlog; its ticket is a matter of each delivery."""
    said = (pause.source, pause.rule)
    own = (backlog.source, backlog.rule)
    return concerns(pause, backlog.connection) and all(
        value in (None, mine) for value, mine in zip(said, own)
    )


def _backlog(tx: Transaction, row: Any) -> Backlog:
    return Backlog(
        name=row.connection,
        spec=row.spec,
        connection=specs.load(tx, row.spec),
        source=row.source,
        rule=row.rule,
        due_at=row.due_at,
    )


def due(tx: Transaction, backlog: Backlog, now: datetime) -> Iterator[Any]:
    """The deliveries of a backlog that are due, in its order, locked; with what stops each and its lane's newest time.

    One that somebody moves at this moment is left out.
    """
    bound = {
        "connection": backlog.name,
        "spec": backlog.spec,
        "source": backlog.source,
        "rule": backlog.rule,
        "first": backlog.due_at,
        "now": now,
    }
    first, next = (_UNPAUSED, _UNPAUSED_NEXT) if backlog.paused else (_due, _NEXT_DUE)
    rows = prepared.execute(tx, first, bound).rows()
    while rows:
        yield from rows
        if len(rows) < _PAGE:
            return
        bound |= {"due_at": rows[-1].due_at, "id": rows[-1].id}
        rows = prepared.execute(tx, next, bound).rows()
