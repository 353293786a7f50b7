"""What `bridge why --ticket` shows: every update of a ticket that its vendor accepted, and what is not over."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from bridge.cli.store import nothing, show_rows
from bridge.cli.text import printable
from bridge.store import Database
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


def show(database: Database, ticket: str, limit: int, *, as_json: bool) -> None:
    """One row per accepted update, newest first, then a line for each delivery that is not over.

    Exit code 5 if there is neither.
    """
    from bridge.services.story import of_ticket

    found = of_ticket(database, ticket, datetime.now(UTC), limit, revealed=True)
    rows = found["sent"]
    if not rows and not found["open"]:
        nothing(f"no update of ticket {printable(ticket)} was accepted")
    if rows:
        shown = rows if as_json else list(map(_short, rows))
        show_rows(shown, _COLUMNS, as_json=as_json)
    for row in found["open"]:
        said = f"delivery {row['id']} of event {row['event']} {row['outlook']}"
        click.echo(printable(said), err=True)


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = json.dumps(row["fields"]).decode()
    return {**row, "fields": fields, "ruleset": row["ruleset"][:12]}
