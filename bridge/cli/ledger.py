"""What `bridge why --ticket` shows: every update that a vendor accepted for a ticket."""

from collections.abc import Mapping
from typing import Any

from bridge.cli.store import nothing, show_rows
from bridge.store import Transaction, ledger
from bridge.strict import json

_COLUMNS = (
    "at",
    "connection",
    "operation",
    "fields",
    "status",
    "rule",
    "ruleset",
    "event",
    "source",
    "event_id",
    "delivery",
    "person",
    "reason",
)


def show(tx: Transaction, ticket: str, limit: int, *, as_json: bool) -> None:
    """A row an update, newest first; exit code 5 when there is none."""
    rows = ledger.of_ticket(tx, ticket, limit)
    if not rows:
        nothing(f"nothing was written into a ticket {ticket}")
    show_rows(rows if as_json else list(map(_short, rows)), _COLUMNS, as_json=as_json)


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = json.dumps(row["fields"]).decode()
    return {**row, "fields": fields, "ruleset": row["ruleset"][:12]}
