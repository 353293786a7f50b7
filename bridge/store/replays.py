"""Replays: a new delivery at the end of the lane, with what it repeats and who asked for it.

The row it repeats keeps its history. The new one has an idempotency key of its own: the old one was used up.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from bridge.state import State
from bridge.store import audit
from bridge.store.audit import By
from bridge.store.database.transaction import Transaction
from bridge.store.queue import keys
from bridge.store.tables import deliveries, lane_marks

_KEY_LENGTH = 180  # characters kept of a key: some headers take 200

# What the rows share; everything else begins anew.
_SHARED = (
    "event source rule item_key operation connection spec ticket lane call body fields"
    " at stale retries responses ruleset"
).split()


def repeat(
    tx: Transaction, id: int, by: By, now: datetime, *, force: bool
) -> int | None:
    """Stores the same request again, due now; the new id, or None where the request was forgotten meanwhile.

    `force` sends it even where a newer one was delivered.
    """
    query = select(deliveries).where(deliveries.c.id == id)
    old = tx.execute(query).mappings().one_or_none()
    if old is None or old["call"] is None:
        return None
    row = {name: old[name] for name in _SHARED}
    row |= {"state": State.WAITING, "code": "", "reason": "", "attempts": 0}
    row |= {"due_at": now, "created_at": now, "age_from": now}
    row |= {"idempotency_key": fresh_key(old["own_key"] or old["idempotency_key"])}
    statement = insert(deliveries).values(row).returning(deliveries.c.id)
    new = int(tx.execute(statement).scalar_one())
    attribute(tx, new, id, by, force=force)
    return new


def attribute(tx: Transaction, id: int, replay_of: int, by: By, *, force: bool) -> None:
    """Writes onto a new delivery what it repeats and who asked; `force` as for `repeat`.

    It uses up the key of what it repeats, where that ended without doing so.
    """
    values = {"replay_of": replay_of, "person": by.person, "because": by.reason}
    values |= {"stale": "send"} if force else {}
    tx.execute(update(deliveries).where(deliveries.c.id == id).values(values))
    query = select(keys.KEY).where(deliveries.c.id == replay_of)
    keys.inherit(tx, id, tx.execute(query).scalar_one())


def fresh_key(key: str | None) -> str | None:
    """A key that nothing was ever sent with; None stays None."""
    return f"{key[:_KEY_LENGTH]}-again-{secrets.token_hex(4)}" if key else None


def reached(tx: Transaction, run: int) -> int:
    """The delivery that a run of replays came to last, in the order of their numbers; 0 before the first."""
    ours = (
        subject["deliveries"]
        for subject in audit.since(tx, run, "replay")
        if subject.get("run") == run
    )
    return int(next(ours, [0])[-1])


def newer_delivered(tx: Transaction, delivery: Mapping[str, Any]) -> datetime | None:
    """The time of the newest update that the rule delivered for the ticket, where it is newer than this one."""
    if delivery["at"] is None:
        return None
    query = select(lane_marks.c.at).where(
        lane_marks.c.lane == delivery["lane"],
        lane_marks.c.rule == delivery["rule"],
        lane_marks.c.at > delivery["at"],
    )
    return tx.execute(query).scalar_one_or_none()
