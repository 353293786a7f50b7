"""Pauses that people set. A delivery is not due while a row here matches it; every claim checks that.

So a pause holds on all hosts from its commit on, survives restarts and another name of what it stops, and is over
when its row is gone. Nothing is written to the deliveries: how late they were is counted when they are claimed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select

from bridge import model
from bridge.model import Json
from bridge.store import specs
from bridge.store.audit import By
from bridge.store.database.dialect import one_at_a_time
from bridge.store.database.transaction import Transaction
from bridge.store.tables import pauses

COLUMNS = ("source", "rule", "connection", "ticket")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What is stopped: the deliveries that agree with all that is set; with nothing set, all of them."""

    source: str | None = None
    rule: str | None = None
    connection: str | None = None
    ticket: str | None = None

    def __str__(self) -> str:
        """`rule paid and ticket 4711`."""
        said = (f"{name} {value}" for name, value in self.as_mapping().items())
        return " and ".join(said) or "everything"

    def as_mapping(self) -> dict[str, str]:
        """What is set."""
        return {
            name: value for name, value in asdict(self).items() if value is not None
        }


def scope_of(row: Mapping[str, Any]) -> Scope:
    """What a pause stops."""
    return Scope(**{name: row[name] for name in COLUMNS})


def add(
    tx: Transaction,
    scope: Scope,
    by: By,
    now: datetime,
    accounts: Collection[str] = (),
) -> bool:
    """Stops a scope; False when exactly this was stopped before, which keeps its time and reason.

    `accounts` are those of the scope's connection: it stays stopped when it is called otherwise.
    """
    one_at_a_time(tx, "pauses")
    if tx.execute(select(pauses.c.id).where(_exactly(scope))).first():
        return False
    row = {**asdict(scope), "since": now, "person": by.person, "reason": by.reason}
    kept: Json = [*sorted(accounts)] or None
    tx.execute(insert(pauses), {**row, "accounts": kept})
    return True


def remove(tx: Transaction, scope: Scope) -> bool:
    """Lets exactly this scope go on; False when it was not stopped."""
    return tx.execute(delete(pauses).where(_exactly(scope))).rowcount > 0


def listed(tx: Transaction) -> Sequence[Mapping[str, Any]]:
    """Every pause, oldest first."""
    query = select(pauses).order_by(pauses.c.id)
    return [dict(row) for row in tx.execute(query).mappings()]


def stopping(
    tx: Transaction, delivery: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    """The pauses that agree with a row of views.delivery, oldest first."""
    agree = (
        or_(pauses.c[name].is_(None), pauses.c[name] == delivery[name])
        for name in COLUMNS
        if name != "connection"
    )
    query = select(pauses).where(*agree).order_by(pauses.c.id)
    sender = specs.of(tx, delivery["id"])
    rows = tx.execute(query).all()
    return [dict(row._mapping) for row in rows if concerns(row, sender)]


def concerns(pause: Any, connection: model.Connection) -> bool:
    """Whether a pause is about a connection: all of them, this name, or what had the paused name when it was paused."""
    named = pause.connection in (None, connection.name)
    return named or connection.account in (pause.accounts or ())


def _exactly(scope: Scope) -> ColumnElement[bool]:
    return and_(
        *(
            pauses.c[name].is_not_distinct_from(value)
            for name, value in asdict(scope).items()
        )
    )
