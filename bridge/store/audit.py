"""The audit trail: one row for each act of a person, written in the same transaction as its effect."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from bridge.model import Json
from bridge.store.database.transaction import Transaction
from bridge.store.tables import audit

_AT_ONCE = 20  # rows of one look


@dataclass(frozen=True, kw_only=True, slots=True)
class By:
    """Who did something, and why."""

    person: str = "a person"
    reason: str = ""

    def did(self, what: str) -> str:
        """`retried by ana: the ticket is back`."""
        why = f": {self.reason}" if self.reason else ""
        return f"{what} by {self.person}{why}"


def record(tx: Transaction, by: By, action: str, subject: Json, now: datetime) -> int:
    """Adds an act, and gives its number: `action` is the command's name, `subject` what it was done to."""
    row = {"at": now, "person": by.person, "reason": by.reason}
    row |= {"action": action, "subject": subject}
    made = insert(audit).values(row).returning(audit.c.id)
    return int(tx.execute(made).scalar_one())


def load(tx: Transaction, id: int) -> Mapping[str, Any] | None:
    """One act."""
    rows = tx.execute(select(audit).where(audit.c.id == id))
    row = rows.mappings().one_or_none()
    return None if row is None else dict(row)


def since(tx: Transaction, id: int, action: str) -> Iterator[Any]:
    """The subjects of the acts of a kind that came after an act, newest first; read as they are asked for."""
    query = select(audit.c.id, audit.c.subject)
    query = query.where(audit.c.id > id, audit.c.action == action)
    query = query.order_by(audit.c.id.desc()).limit(_AT_ONCE)
    rows = tx.execute(query).all()
    while rows:
        yield from (row.subject for row in rows)
        rows = tx.execute(query.where(audit.c.id < rows[-1].id)).all()


def newest(
    tx: Transaction,
    *,
    limit: int,
    person: str = "",
    action: str = "",
    before: int = 0,
) -> Sequence[Mapping[str, Any]]:
    """The last acts, newest first: of one person, of one kind, older than a number, if they are given."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if person:
        query = query.where(audit.c.person == person)
    if action:
        query = query.where(audit.c.action == action)
    if before:
        query = query.where(audit.c.id < before)
    return [dict(row) for row in tx.execute(query).mappings()]


def below(tx: Transaction, id: int, limit: int) -> Sequence[Mapping[str, Any]]:
    """The acts before one, newest first."""
    query = select(audit).where(audit.c.id < id).order_by(audit.c.id.desc())
    return [dict(row) for row in tx.execute(query.limit(limit)).mappings()]
