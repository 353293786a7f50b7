"""`bridge deliveries list | show`."""

from collections.abc import Mapping
from typing import Any

import click

from bridge.cli.store import (
    json_option,
    limit_option,
    nothing,
    opened,
    show_fields,
    show_rows,
    show_table,
)
from bridge.cli.text import plain
from bridge.store import views
from bridge.store.tables import FINISHED, UNFINISHED

_COLUMNS = (
    "id",
    "event",
    "rule",
    "connection",
    "ticket",
    "state",
    "attempts",
    "code",
    "reason",
)
_TIMES = ("created_at", "due_at", "finished_at")
_ATTEMPT = ("number", "started_at", "elapsed_ms", "status", "verdict", "code", "reason")


@click.group("deliveries")
def command() -> None:
    """Calls to vendors: waiting, delivered, held, dead."""


@command.command("list")
@click.option(
    "--state", type=click.Choice((*UNFINISHED, *FINISHED)), help="In this state only."
)
@click.option("--connection", "name", help="Of this connection only.")
@click.option("--event", type=int, help="Of this event only.")
@limit_option
@json_option
def list_(
    state: str | None, name: str | None, event: int | None, limit: int, as_json: bool
) -> None:
    """List deliveries, newest first."""
    with opened() as database, database.read() as connection:
        rows = views.list_deliveries(
            connection, state=state, event_id=event, connection_name=name, limit=limit
        )
    show_rows(rows, _COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("id", type=int)
@json_option
def show(id: int, as_json: bool) -> None:
    """Show one delivery: its request without credentials, and every attempt with its answer."""
    with opened() as database, database.read() as connection:
        found = views.delivery(connection, id)
        attempts = views.attempts_of(connection, id)
    if found is None:
        nothing(f"there is no delivery {id}")
    if as_json:
        made = [{key: plain(row[key]) for key in row} for row in attempts]
        show_rows([{**found, "attempts_made": made}], (), as_json=True)
        return
    show_fields({**found, **_request(found)}, (*_COLUMNS, *_TIMES, "request", "body"))
    if attempts:
        click.echo()
        show_table(attempts, (*_ATTEMPT, "reply"))


def _request(delivery: Mapping[str, Any]) -> dict[str, str | None]:
    """Method and path; a rule's error has no request."""
    call = delivery["call"]
    return {"request": f"{call['method']} {call['path']}" if call else None}
