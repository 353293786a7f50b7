"""`bridge connections list | show | check`."""

from datetime import UTC, datetime
from typing import Any

import click

from bridge import settings as environment
from bridge.cli.store import json_option, nothing, opened, show_one, show_rows
from bridge.cli.text import printable
from bridge.errors import UnknownName
from bridge.services import connections, home
from bridge.services.rulesets import Rules
from bridge.store import Database

_COLUMNS = ("name", "vendor", "state", "since", "waiting", "held", "dead", "reason")
_MORE = ("next_at", "oldest", "rate", "concurrency", "secrets", "failures")


@click.group("connections")
def command() -> None:
    """Show the ticket systems that are called: parked, failing or well, and what waits for them."""


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List connections with what waits for them."""
    with opened() as database:
        found = connections.listed(database, _rules(database), datetime.now(UTC))
    rows: Any = [home.plain(connections.as_row(one)) for one in found]
    show_rows(rows, _COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("name", metavar="CONNECTION")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a connection: limits, secrets by name, what it waits for."""
    with opened() as database:
        try:
            found = connections.named(
                database, _rules(database), name, datetime.now(UTC)
            )
        except UnknownName as error:
            nothing(str(error))
    row: Any = home.plain(connections.as_row(found))
    show_one(row, f"connection {name}", (*_COLUMNS, *_MORE), as_json=as_json)


@command.command("check")
@click.argument("name", metavar="CONNECTION")
def check(name: str) -> None:
    """Try name, network policy, TCP and TLS of a connection. Sends nothing. Exit code 1 if it cannot be called."""
    with opened() as database:
        rules = _rules(database)
    try:
        well, said = connections.check(rules, environment.load(), name)
    except UnknownName as error:
        nothing(str(error))
    click.echo(printable(said))
    if not well:
        raise SystemExit(1)


def _rules(database: Database) -> Any:
    folder = environment.load().mappings
    return Rules(database, folder, pinned=True).current()
