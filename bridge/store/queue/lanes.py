"""Lanes: the deliveries for one ticket, sent one at a time, the oldest unfinished one first.

BLOCKER alone decides who may go. `behind` is a note of claims to themselves, so that ten thousand that wait behind one
are looked at once and not at every claim: whoever takes a delivery out of the front of its lane calls `advance`. A
claim makes the note only while it holds the row of the delivery in front, so the two cannot miss each other; what an
older release or a hand at the database leaves behind is found by `stranded`.
"""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import bindparam, func, select, text, update

from bridge.store.database import prepared
from bridge.store.database.dialect import among
from bridge.store.database.transaction import Transaction
from bridge.store.tables import BEHIND, BLOCKING, SENDING, deliveries

_other = deliveries.alias("other")
# In the words of ix_deliveries_lane and ix_deliveries_sending, so that they are used.
_IN_THE_WAY = text(f"other.{BLOCKING}")
_SENDING = text(f"other.{SENDING}")

# The first of an index; min() would look at all ten thousand.
_first = select(_other.c.id).order_by(_other.c.id).limit(1)
_same = _first.where(_other.c.lane == deliveries.c.lane)
_older = _same.where(_other.c.id < deliveries.c.id, _IN_THE_WAY)
_sent = _same.where(_other.c.id > deliveries.c.id, _SENDING)
# A column: the delivery that one must wait for, NULL when it may go. That is the oldest unfinished one before it. Or a
# younger one that is being sent now: a dead letter that a person sends again comes before those that wait, and two
# calls of one lane are never under way together.
BLOCKER = func.coalesce(
    _older.correlate(deliveries).scalar_subquery(),
    _sent.correlate(deliveries).scalar_subquery(),
)

_front = _first.where(_other.c.lane == bindparam("lane"), _IN_THE_WAY)
_ADVANCE = (
    update(deliveries)
    .where(deliveries.c.id == _front.scalar_subquery(), deliveries.c.behind)
    .values(behind=False)
)


def put_behind(tx: Transaction, blockers: Mapping[int, int]) -> None:
    """Notes deliveries (id → what it waits for). One whose blocker is just being finished is left as it is."""
    if not blockers:
        return
    in_front = among(tx, _other.c.id, set(blockers.values()))
    query = select(_other.c.id).where(in_front, _IN_THE_WAY)
    held = query.with_for_update(skip_locked=True, key_share=True)
    there = set(tx.execute(held).scalars())
    waiting = [id for id, other in blockers.items() if other in there]
    mine = among(tx, deliveries.c.id, waiting)
    tx.execute(update(deliveries).where(mine).values(behind=True))


def advance(tx: Transaction, lanes: Iterable[str]) -> None:
    """Lets the next delivery of lanes come to the front, in the transaction that took others away from there."""
    prepared.each(tx, _ADVANCE, [{"lane": lane} for lane in sorted(lanes)])


def stranded(tx: Transaction) -> list[int]:
    """Deliveries at the front of their lane that are noted as behind all the same."""
    noted = select(func.min(deliveries.c.id)).where(text(BEHIND))
    firsts = noted.group_by(deliveries.c.lane).scalar_subquery()
    query = select(deliveries.c.id).where(
        deliveries.c.id.in_(firsts), BLOCKER.is_(None)
    )
    return list(tx.execute(query).scalars())


def free(tx: Transaction, ids: Collection[int]) -> None:
    """Takes the note off; the next claim asks BLOCKER again."""
    mine = among(tx, deliveries.c.id, ids)
    tx.execute(update(deliveries).where(mine).values(behind=False))
