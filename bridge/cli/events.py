"""`bridge events list | show`."""

import click

from bridge.cli import filters
from bridge.cli.store import (
    NUMBER,
    json_option,
    limit_option,
    opened,
    show_one,
    show_rows,
)
from bridge.store import views

_COLUMNS = ("id", "received_at", "source", "type", "state", "outcome", "event_id")


@click.group("events")
def command() -> None:
    """Received events, newest first."""


@command.command("list", cls=filters.Filtered)
@filters.filter_argument
@click.option("--source", help="Of this source only.")
@limit_option
@json_option
def list_(
    words: tuple[str, ...], source: str | None, limit: int, as_json: bool
) -> None:
    """List events, newest first: source:stripe type:invoice.* outcome:error ticket:4711 since:24h."""
    where = filters.read(words, "events", source=source)
    with opened() as database, database.read() as connection:
        rows = views.list_events(connection, where, limit=limit)
    show_rows(rows, _COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("id", type=NUMBER)
@json_option
def show(id: int, as_json: bool) -> None:
    """Show one event; `bridge why ID` says what became of it."""
    with opened() as database, database.read() as connection:
        found = views.event(connection, id)
    names = (*_COLUMNS, "occurred_at", "conflicts", "imported")
    show_one(found, f"event {id}", names, as_json=as_json)
