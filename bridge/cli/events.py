"""`bridge events list | show`."""

import click

from bridge.cli.store import (
    json_option,
    limit_option,
    nothing,
    opened,
    show_fields,
    show_rows,
)
from bridge.store import views

_COLUMNS = ("id", "received_at", "source", "type", "state", "outcome", "event_id")


@click.group("events")
def command() -> None:
    """Received events, newest first."""


@command.command("list")
@click.option("--source", help="Of this source only.")
@limit_option
@json_option
def list_(source: str | None, limit: int, as_json: bool) -> None:
    """List events."""
    with opened() as database, database.read() as connection:
        rows = views.list_events(connection, source=source, limit=limit)
    show_rows(rows, _COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("id", type=int)
@json_option
def show(id: int, as_json: bool) -> None:
    """Show one event; `bridge why ID` says what became of it."""
    with opened() as database, database.read() as connection:
        found = views.event(connection, id)
    if found is None:
        nothing(f"there is no event {id}")
    if as_json:
        show_rows([found], (), as_json=True)
    else:
        show_fields(found, (*_COLUMNS, "occurred_at", "conflicts"))
