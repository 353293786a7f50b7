"""Deliveries that wait for a person, grouped by what they have in common: dead letters and held ones. Reads only.

What has to be equal is in the key, and the key is shown: nothing is grouped by likeness. Only the newest ROWS
deliveries are looked at, so that a page costs the same however many there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    case,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
)

from bridge.state import State
from bridge.store.database.columns import microseconds
from bridge.store.database.transaction import Transaction
from bridge.store.tables import DEAD, HELD, SETTLED, deliveries, rulesets

# Deliveries that are looked at, newest first.
ROWS = 50_000

# In the words of the partial indexes.
_STATES = {State.DEAD: DEAD, State.HELD: f"{HELD} AND {SETTLED}"}
_of = deliveries.c
# A failed rule has no request: its message names the expression. A rule's own words say why a delivery is held.
_SAID = case(
    (or_(_of.spec.is_(None), _of.code == "hold_if"), _of.reason), else_=literal("")
)
_KEY: Mapping[str, ColumnElement[Any]] = {
    "state": _of.state,
    "code": _of.code,
    "rule": _of.rule,
    "connection": _of.connection,
    "said": _SAID,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """What the deliveries of one cause have in common."""

    state: State
    code: str
    rule: str
    # "" if a rule failed before it had a request.
    connection: str
    # The message of a failed rule, or of `hold_if`; "" otherwise.
    said: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """The deliveries of one cause: `oldest` and `newest` are their first and last number."""

    key: Key
    count: int
    tickets: int
    oldest: int
    newest: int
    # When the first and the last of them came to this.
    first: datetime
    last: datetime


def total(tx: Transaction, state: State) -> int:
    """How many deliveries are in a state, all of them."""
    query = select(func.count()).select_from(deliveries).where(text(_STATES[state]))
    return int(tx.execute(query).scalar_one())


def groups(tx: Transaction, state: State) -> Sequence[Group]:
    """The causes, the largest first."""
    known, at = _known(state), _at()
    query = (
        select(
            *(column.label(name) for name, column in _KEY.items()),
            func.count().label("count"),
            func.count(func.distinct(_of.ticket)).label("tickets"),
            func.min(_of.id).label("oldest"),
            func.max(_of.id).label("newest"),
            func.min(at).label("first"),
            func.max(at).label("last"),
        )
        .where(known)
        .group_by(*_KEY.values())
        .order_by(func.count().desc(), func.max(_of.id).desc())
    )
    return [_group(row) for row in tx.execute(query).mappings()]


def per_bucket(
    tx: Transaction, state: State, since: datetime, width: timedelta
) -> Mapping[tuple[Key, int], int]:
    """(cause, number of the bucket since then) → how many came to this in it."""
    start, size = microseconds(since), width // timedelta(microseconds=1)
    at = type_coerce(_at(), BigInteger)
    bucket = (at - start) // size
    query = (
        select(*_KEY.values(), bucket, func.count())
        .where(_known(state), at >= start)
        .group_by(*_KEY.values(), bucket)
    )
    return {
        (_key(dict(zip(_KEY, row))), int(row[-2])): int(row[-1])
        for row in tx.execute(query)
    }


def ids(tx: Transaction, key: Key, *, limit: int) -> list[int]:
    """The deliveries of a cause, oldest first."""
    query = select(_of.id).where(text(_STATES[key.state]), *_equal(key))
    return list(tx.execute(query.order_by(_of.id).limit(limit)).scalars())


def activation_before(tx: Transaction, moment: datetime) -> tuple[str, datetime] | None:
    """The ruleset that was activated last before a moment, unless it was the first ever."""
    query = select(rulesets.c.hash, rulesets.c.activated_at)
    query = query.where(rulesets.c.activated_at <= moment)
    rows = tx.execute(query.order_by(rulesets.c.activated_at.desc()).limit(2)).all()
    return (rows[0].hash, rows[0].activated_at) if len(rows) == 2 else None


def _known(state: State) -> ColumnElement[bool]:
    # Not a lower bound of the id: SQLite would walk over all rows from there, whatever their state.
    newest: Select[Any] = select(_of.id).where(text(_STATES[state]))
    return _of.id.in_(newest.order_by(_of.id.desc()).limit(ROWS))


def _at() -> ColumnElement[Any]:
    """When a delivery came to its state; a held one has no time of its own."""
    return func.coalesce(_of.finished_at, _of.created_at, type_=_of.created_at.type)


def _equal(key: Key) -> list[ColumnElement[bool]]:
    return [_KEY[name] == value for name, value in asdict(key).items()]


def _key(row: Mapping[str, Any]) -> Key:
    state = next(one for one in State if one == row["state"])
    return Key(**{name: row[name] for name in _KEY} | {"state": state})


def _group(row: Mapping[Any, Any]) -> Group:
    rest = {name: value for name, value in row.items() if name not in _KEY}
    return Group(key=_key(row), **rest)
