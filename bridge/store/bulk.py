"""Acts on many deliveries or events at once: the plan with its frozen items, who is at it, and how far it is.

An item is marked in the transaction that acts on it, so it is done once, whatever becomes of a worker. The lease only
saves two workers from trying the same items.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, insert, or_, select, update

from bridge.model import Json
from bridge.store.database.dialect import among
from bridge.store.database.prepared import execute
from bridge.store.database.transaction import Transaction
from bridge.store.tables import bulk_acts, bulk_items

Row = Mapping[str, Any]

_act, _item = bulk_acts.c, bulk_items.c
_NOW = bindparam("now", type_=_act.next_at.type)
# A worker has something to do for these.
ACTIVE = ("planning", "running")
# These end.
OVER = ("finished", "cancelled")


def add(
    tx: Transaction,
    act: str,
    words: str,
    options: Mapping[str, Json],
    person: str,
    now: datetime,
) -> int:
    """Begins a plan; its items follow. Its number."""
    row: dict[str, Any] = {
        "act": act,
        "words": words,
        "options": options,
        "person": person,
    }
    row |= {"reason": "", "state": "freezing", "planned_at": now}
    made = insert(bulk_acts).values(row).returning(_act.id)
    return int(tx.execute(made).scalar_one())


def freeze(tx: Transaction, id: int, targets: Sequence[int]) -> None:
    """Adds items."""
    tx.execute(insert(bulk_items), [_new(id, target) for target in targets])


def _new(id: int, target: int) -> dict[str, Any]:
    return {"bulk": id, "target": target, "state": "new"}


def drop(tx: Transaction, id: int) -> None:
    """Deletes a plan that was not frozen completely."""
    tx.execute(delete(bulk_items).where(_item.bulk == id))
    tx.execute(delete(bulk_acts).where(_act.id == id))


def load(tx: Transaction, id: int) -> Row | None:
    """One bulk act."""
    row = tx.execute(select(bulk_acts).where(_act.id == id)).mappings().one_or_none()
    return None if row is None else dict(row)


def listed(tx: Transaction, *, before: int | None, limit: int) -> Sequence[Row]:
    """The newest bulk acts with completely frozen items, newest first."""
    query = select(bulk_acts).where(_act.state != "freezing")
    if before is not None:
        query = query.where(_act.id < before)
    rows = tx.execute(query.order_by(_act.id.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


def move(
    tx: Transaction, id: int, origins: Collection[str], to: str, **values: Any
) -> bool:
    """Changes the state of a bulk act that is in one of these; False if it is not."""
    mine = update(bulk_acts).where(_act.id == id, _act.state.in_(origins))
    return tx.execute(mine.values(state=to, **values)).rowcount == 1


def counts(tx: Transaction, ids: Collection[int]) -> Mapping[int, Mapping[str, int]]:
    """bulk act → state of its items → how many."""
    query = select(_item.bulk, _item.state, func.count())
    query = query.where(among(tx, _item.bulk, ids)).group_by(_item.bulk, _item.state)
    found: dict[int, dict[str, int]] = {id: {} for id in ids}
    for id, state, count in tx.execute(query):
        found[id][state] = count
    return found


def reasons(tx: Transaction, id: int) -> Sequence[Row]:
    """Why items are left out: `why`, `count`, and one of them as `example` with its message, most first."""
    mine = _item.bulk == id, _item.state == "left"
    query = select(
        _item.why, func.count().label("count"), func.max(_item.id).label("last")
    ).where(*mine)
    grouped = query.group_by(_item.why).order_by(func.count().desc(), _item.why)
    rows = tx.execute(grouped).all()
    last = among(tx, _item.id, [row.last for row in rows])
    shown = {row.id: row for row in tx.execute(select(bulk_items).where(last))}
    return [
        {
            "why": row.why,
            "count": row.count,
            "example": shown[row.last].target,
            "message": shown[row.last].message,
        }
        for row in rows
    ]


def scope(tx: Transaction, id: int) -> tuple[int, Mapping[str, int]]:
    """The tickets of the eligible items, and how many of these would add to which field."""
    mine = _item.bulk == id, _item.state.in_(("eligible", "done", "failed"))
    ticket = func.count(func.distinct(_item.ticket))
    tickets = tx.execute(select(ticket).where(*mine, _item.ticket != "")).scalar_one()
    query = select(_item.adds, func.count()).where(*mine, _item.adds != "")
    return int(tickets), {
        name: count for name, count in tx.execute(query.group_by(_item.adds))
    }


def items(
    tx: Transaction,
    id: int,
    states: Collection[str] = (),
    *,
    after: int = 0,
    limit: int,
    newest_first: bool = False,
) -> Sequence[Row]:
    """Items, in the order in which they are done; `after` is the `id` of an item."""
    query = select(bulk_items).where(_item.bulk == id)
    if states:
        query = query.where(_item.state.in_(states))
    if after:
        query = query.where(_item.id < after if newest_first else _item.id > after)
    order = _item.id.desc() if newest_first else _item.id
    rows = tx.execute(query.order_by(order).limit(limit))
    return [dict(row) for row in rows.mappings()]


def looked_at(tx: Transaction, item: int, **values: Any) -> None:
    """Writes what looking at an item came to: its state, ticket, message, why and adds."""
    tx.execute(update(bulk_items).where(_item.id == item).values(values))


def forget_looks(tx: Transaction, id: int) -> None:
    """Begins looking at the items of a plan from the start."""
    mine = update(bulk_items).where(_item.bulk == id, _item.state != "new")
    tx.execute(mine.values(state="new"))


def _claimable() -> Any:
    free = or_(_act.owner.is_(None), _act.lease_until < _NOW)
    due = or_(_act.next_at.is_(None), _act.next_at <= _NOW)
    active = or_(*(_act.state == state for state in ACTIVE))
    query = select(_act.id).where(active, free, due)
    # Several under way take turns: the one that was let go longest ago is first.
    return query.order_by(_act.next_at.is_not(None), _act.next_at, _act.id).limit(1)


# Each worker asks once a second, also at rest: putting the question together anew took a third of its time there.
_WAITING = _claimable()
_FREE = _WAITING.with_for_update(skip_locked=True)


def waits(tx: Transaction, now: datetime) -> bool:
    """Whether a claim would find something."""
    return execute(tx, _WAITING, {"now": now}).key() is not None


def claim(tx: Transaction, owner: str, now: datetime, until: datetime) -> Row | None:
    """Takes a bulk act that has something to do and nobody at it; None if there is none."""
    id = execute(tx, _FREE, {"now": now}).key()
    if id is None:
        return None
    mine = update(bulk_acts).where(_act.id == id)
    tx.execute(mine.values(owner=owner, lease_until=until))
    return load(tx, id)


def keep(tx: Transaction, id: int, owner: str, until: datetime) -> bool:
    """Keeps the lease; False if somebody else has it."""
    mine = update(bulk_acts).where(_act.id == id, _act.owner == owner)
    return tx.execute(mine.values(lease_until=until)).rowcount == 1


def let_go(tx: Transaction, id: int, owner: str, next_at: datetime | None) -> None:
    """Ends the lease, until somebody claims it again at `next_at`."""
    mine = update(bulk_acts).where(_act.id == id, _act.owner == owner)
    tx.execute(mine.values(owner=None, lease_until=None, next_at=next_at))


def take(tx: Transaction, item: Row, owner: str) -> bool:
    """Marks an item as done, in the transaction that does it; False if it is not this owner's to do any more."""
    running = exists().where(
        _act.id == item["bulk"], _act.state == "running", _act.owner == owner
    )
    mine = update(bulk_items).where(
        _item.id == item["id"], _item.state == "eligible", running
    )
    return tx.execute(mine.values(state="done")).rowcount == 1


def give_back(tx: Transaction, item: Row) -> None:
    """Takes the mark off again, in the same transaction: nothing was done."""
    mine = update(bulk_items).where(_item.id == item["id"])
    tx.execute(mine.values(state="eligible"))


def tell(tx: Transaction, item: Row, *, ok: bool, message: str) -> None:
    """Says how an item went. One that was refused had no mark."""
    mine = update(bulk_items).where(
        _item.id == item["id"], _item.state.in_(("eligible", "done"))
    )
    tx.execute(mine.values(state="done" if ok else "failed", message=message))
