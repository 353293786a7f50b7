"""What people stopped. A delivery is not due while any row here agrees with it; queue.py looks at each claim.

So a pause holds on all hosts from its commit on, survives restarts, and is over when its row is gone. Nothing is
written to the deliveries: how late they were is counted when they are claimed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select

from bridge.store.audit import By
from bridge.store.dialect import one_at_a_time
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


def add(connection: Connection, scope: Scope, by: By, now: datetime) -> bool:
    """Stops a scope; False when exactly this was stopped before, which keeps its time and reason."""
    one_at_a_time(connection, "pauses")
    if connection.execute(select(pauses.c.id).where(_exactly(scope))).first():
        return False
    row = {**asdict(scope), "since": now, "person": by.person, "reason": by.reason}
    connection.execute(insert(pauses), row)
    return True


def remove(connection: Connection, scope: Scope) -> bool:
    """Lets exactly this scope go on; False when it was not stopped."""
    return connection.execute(delete(pauses).where(_exactly(scope))).rowcount > 0


def listed(connection: Connection) -> Sequence[Mapping[str, Any]]:
    """Every pause, oldest first."""
    query = select(pauses).order_by(pauses.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def stopping(
    connection: Connection, delivery: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    """The pauses that agree with a delivery, oldest first."""
    agree = (
        or_(pauses.c[name].is_(None), pauses.c[name] == delivery[name])
        for name in COLUMNS
    )
    query = select(pauses).where(*agree).order_by(pauses.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def _exactly(scope: Scope) -> ColumnElement[bool]:
    return and_(
        *(
            pauses.c[name].is_not_distinct_from(value)
            for name, value in asdict(scope).items()
        )
    )
