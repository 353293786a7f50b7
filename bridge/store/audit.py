"""What people did: one row for each act, written in the transaction of what it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from bridge.model import Json
from bridge.store.tables import audit


@dataclass(frozen=True, kw_only=True, slots=True)
class By:
    """Who did something, and why."""

    person: str = "a person"
    reason: str = ""

    def did(self, what: str) -> str:
        """`retried by ana: the ticket is back`."""
        why = f": {self.reason}" if self.reason else ""
        return f"{what} by {self.person}{why}"


def record(
    connection: Connection, by: By, action: str, subject: Json, now: datetime
) -> None:
    """Adds an act: `action` is the command's name, `subject` what it was done to."""
    row = {"at": now, "person": by.person, "reason": by.reason}
    connection.execute(insert(audit), {**row, "action": action, "subject": subject})


def newest(connection: Connection, *, limit: int) -> Sequence[Mapping[str, Any]]:
    """The last acts, newest first."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]
