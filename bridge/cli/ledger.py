"""What `bridge why --ticket` shows: every update of a ticket that its vendor accepted."""

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
    """One row per update, newest first; exit code 5 if there is none."""
    rows = ledger.of_ticket(tx, ticket, limit)
    if not rows:
        nothing(f"no update of ticket {ticket} was accepted")
    show_rows(rows if as_json else list(map(_short, rows)), _COLUMNS, as_json=as_json)


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = json.dumps(row["fields"]).decode()
    return {**row, "fields": fields, "ruleset": row["ruleset"][:12]}
