"""What rules said to the newest events, when each last matched, and which rulesets there were. Reads only.

Nothing here looks at more events than it was told to: stores hold millions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true

from bridge.store.database.dialect import texts
from bridge.store.database.transaction import Transaction
from bridge.store.tables import deliveries, events, rulesets

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What rules said to the newest events since a time. `whole` is False if there were more than were looked at."""

    events: int
    whole: bool
    # (rule, what it said) → how many events, and the number of the newest.
    said: Mapping[tuple[str, str], tuple[int, int]]


def count(tx: Transaction, since: datetime, at_most: int) -> Counted:
    """What the rules said to the newest events that were received since a time, at most so many."""
    newest = (
        select(events.c.id, events.c.received_at, events.c.decisions)
        .order_by(events.c.id.desc())
        .limit(at_most)
        .subquery()
    )
    recent = newest.c.received_at >= since
    number = tx.execute(select(func.count()).where(recent)).scalar_one()
    listed, rule, said = texts(tx, newest.c.decisions, "rule", "said")
    grouped = (
        select(rule, said, func.count(), func.max(newest.c.id))
        .select_from(newest.join(listed, true()))
        .where(recent)
        .group_by(rule, said)
    )
    return Counted(
        events=number,
        whole=number < at_most,
        said={(row[0], row[1]): (row[2], row[3]) for row in tx.execute(grouped)},
    )


def received(tx: Transaction, id: int) -> datetime | None:
    """When an event was received."""
    query = select(events.c.received_at).where(events.c.id == id)
    return tx.execute(query).scalar_one_or_none()


def last_made(tx: Transaction, rule: str) -> datetime | None:
    """When the newest delivery of a rule was made; None if there is none."""
    newest = select(func.max(deliveries.c.id)).where(deliveries.c.rule == rule)
    query = select(deliveries.c.created_at).where(
        deliveries.c.id == newest.scalar_subquery()
    )
    return tx.execute(query).scalar_one_or_none()


def versions(tx: Transaction, limit: int) -> Rows:
    """The rulesets, the newest active one first: hash, and when it was activated last."""
    query = select(rulesets.c.hash, rulesets.c.activated_at)
    query = query.order_by(rulesets.c.activated_at.desc()).limit(limit)
    return [dict(row) for row in tx.execute(query).mappings()]


def used(tx: Transaction, at_most: int) -> Mapping[str, tuple[int, int, int]]:
    """Ruleset → how many of the newest events it routed, and the numbers of the first and the last of them."""
    newest = (
        select(events.c.id, events.c.ruleset)
        .order_by(events.c.id.desc())
        .limit(at_most)
        .subquery()
    )
    grouped = (
        select(
            newest.c.ruleset,
            func.count(),
            func.min(newest.c.id),
            func.max(newest.c.id),
        )
        .where(newest.c.ruleset.is_not(None))
        .group_by(newest.c.ruleset)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in tx.execute(grouped)}


def named(tx: Transaction, beginning: str) -> Rows:
    """The rulesets whose hash begins so, with their texts; at most two."""
    query = select(rulesets).where(
        rulesets.c.hash.startswith(beginning, autoescape=True)
    )
    return [dict(row) for row in tx.execute(query.limit(2)).mappings()]
