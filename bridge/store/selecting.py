"""Selects the deliveries that a person's act is about: those that a filter finds in certain states, or an id."""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from bridge.state import EventState, State
from bridge.store.database.dialect import among
from bridge.store.database.transaction import Transaction
from bridge.store.filtering import Filter, deliveries_that, exactly
from bridge.store.tables import deliveries, events

AGAIN = "again"  # the code of a look-up in whose place another is made
DROPPED = "cancelled look-up"  # beside states: one that may be made again

# A look-up that ended and whose event has no answer; not one that was made again before.
_UNANSWERED = and_(
    deliveries.c.look_up.is_not(None),
    deliveries.c.code != AGAIN,
    exists().where(
        events.c.id == deliveries.c.event,
        events.c.state == EventState.ROUTED,
        events.c.fetched.is_(None),
    ),
)


def _in(states: Collection[str]) -> ColumnElement[bool]:
    in_state = deliveries.c.state.in_(states)
    if DROPPED not in states:
        return in_state
    return or_(in_state, and_(deliveries.c.state == State.CANCELLED, _UNANSWERED))


def matching(
    tx: Transaction,
    where: Filter,
    states: Collection[str],
    *,
    after: int,
    through: int,
    limit: int,
) -> list[int]:
    """The ids of deliveries in these states that a filter is about, oldest first, behind `after` up to `through`.

    More of them, where it asks for content.
    """
    query = select(deliveries.c.id).where(
        deliveries.c.id > after,
        deliveries.c.id <= through,
        _in(states),
        deliveries_that(tx, where),
    )
    return list(tx.execute(query.order_by(deliveries.c.id).limit(limit)).scalars())


def newest_id(tx: Transaction) -> int:
    """The id of the newest delivery; 0 where there is none."""
    return tx.execute(select(func.max(deliveries.c.id))).scalar_one() or 0


def tally(
    tx: Transaction, where: Filter, states: Collection[str]
) -> Mapping[tuple[str, str], int]:
    """(state, rule) → how many deliveries in these states a filter is about, most first."""
    columns = (deliveries.c.state, deliveries.c.rule)
    query = select(*columns, func.count()).where(
        _in(states), deliveries_that(tx, exactly(where))
    )
    grouped = query.group_by(*columns).order_by(func.count().desc(), *columns)
    return {(state, rule): count for state, rule, count in tx.execute(grouped)}


def kinds(tx: Transaction, ids: Collection[int]) -> list[tuple[str, str]]:
    """State and rule of each of these deliveries."""
    query = select(deliveries.c.state, deliveries.c.rule)
    rows = tx.execute(query.where(among(tx, deliveries.c.id, ids)))
    return [(state, rule) for state, rule in rows]


def states(tx: Transaction, ids: Collection[int]) -> Mapping[int, str]:
    """id → state, of those deliveries that there are."""
    query = select(deliveries.c.id, deliveries.c.state)
    rows = tx.execute(query.where(among(tx, deliveries.c.id, ids)))
    return {id: state for id, state in rows}


def routable(
    tx: Transaction, ids: Collection[int]
) -> Mapping[int, tuple[int, str, bool]]:
    """id → (event, rule, whether it is a look-up), of those deliveries whose event may meet the rules again.

    They are the dead letter of a rule's error, without a request, or a look-up that ended without an answer.
    """
    kind = deliveries.c.look_up.is_not(None)
    columns = (deliveries.c.id, deliveries.c.event, deliveries.c.rule, kind)
    failed = and_(deliveries.c.state == State.DEAD, deliveries.c.spec.is_(None))
    ended = deliveries.c.state.in_((State.DEAD, State.CANCELLED))
    query = select(*columns).where(
        among(tx, deliveries.c.id, ids),
        or_(failed, and_(ended, _UNANSWERED)),
    )
    return {id: (event, *rest) for id, event, *rest in tx.execute(query)}


def mentions(tx: Transaction, column: str, value: str) -> bool:
    """Whether any delivery has this value in a column, whatever became of its rule."""
    query = select(deliveries.c.id).where(deliveries.c[column] == value).limit(1)
    return tx.execute(query).first() is not None
