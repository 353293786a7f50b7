"""`bridge events list | show`."""

import click

from bridge import mapping
from bridge import settings as environment
from bridge.cli import filters, lists, text
from bridge.cli.store import (
    event_argument,
    event_named,
    json_option,
    limit_option,
    opened,
    show_one,
)
from bridge.errors import ConfigurationError, MappingError
from bridge.model import Json
from bridge.services.recording import recorded
from bridge.services.requests import pretty
from bridge.services.stored import seen
from bridge.store import views
from bridge.store.events import StoredEvent

_COLUMNS = ("id", "received_at", "source", "type", "state", "outcome", "event_id")


@click.group("events")
def command() -> None:
    """Show received events, newest first."""


@command.command("list", cls=filters.Filtered)
@filters.filter_argument
@click.option("--source", help="Only of this source.")
@click.option("--refused", is_flag=True, help="Also requests that were refused.")
@limit_option
@lists.cursor_option
@json_option
def list_(
    words: tuple[str, ...],
    source: str | None,
    *,
    refused: bool,
    limit: int,
    cursor: str,
    as_json: bool,
) -> None:
    """List events, newest first: source:stripe type:invoice.* outcome:error ticket:4711 since:24h."""
    lists.show(
        "received" if refused else "events",
        words,
        _COLUMNS,
        limit=limit,
        cursor=cursor,
        as_json=as_json,
        source=source,
    )


@command.command("show")
@event_argument
@click.option("--payload", is_flag=True, help="Also the payload as the rules see it.")
@click.option("--raw", is_flag=True, help="Only the raw request, byte for byte.")
@json_option
def show(name: str, *, payload: bool, raw: bool, as_json: bool) -> None:
    """Show one event, by its number or its sender's id; `bridge why EVENT` explains what happened to it."""
    with opened() as database:
        stored = event_named(database, name)
        if raw:
            text.raw(recorded(stored, mask=False))
            return
        with database.read() as tx:
            event = views.event(tx, stored.id)
    more = {"payload": _payload(stored)} if payload else {}
    names = (*_COLUMNS, "occurred_at", "conflicts", "imported")
    row = {**event, **more} if event else None
    show_one(row, f"event {stored.id}", names, as_json=as_json)
    if payload and not as_json:
        click.echo()
        for line in pretty(more["payload"]).split("\n"):
            click.echo(text.printable(line))


def _payload(stored: StoredEvent) -> Json:
    """As the rules see it. Raises ConfigurationError if the mapping files no longer describe its source."""
    settings = environment.load()
    try:
        ruleset = mapping.load(settings.mappings).usable()
        return seen(ruleset, stored, settings.environment).payload
    except MappingError as error:
        raise ConfigurationError(f"{error}: `--raw` shows the request") from None
