"""`bridge sources list | show | test`."""

from datetime import UTC, datetime
from typing import Any

import click

from bridge import settings as environment
from bridge.cli.store import json_option, nothing, opened, show_one, show_rows
from bridge.cli.text import printable
from bridge.errors import UnknownName
from bridge.services import home, sources
from bridge.services.rulesets import Rules
from bridge.store import Database

_COLUMNS = ("name", "provider", "last", "silent", "url")


@click.group("sources")
def command() -> None:
    """Show where senders post, what proves them, and when they were last heard of."""


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List sources with their hook URL and their last event."""
    settings, now = environment.load(), datetime.now(UTC)
    with opened() as database:
        found = sources.listed(database, _rules(database), settings, now)
    rows: Any = [home.plain(sources.as_row(one)) for one in found]
    show_rows(rows, _COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("name", metavar="SOURCE")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a source, with a recorded event of its sender signed now, as curl."""
    settings, now = environment.load(), datetime.now(UTC)
    with opened() as database:
        rules = _rules(database)
        try:
            found = sources.named(database, rules, settings, name, now)
        except UnknownName as error:
            nothing(str(error))
    row: Any = home.plain(sources.as_row(found))
    names = (
        "name",
        "provider",
        "url",
        "place",
        "secrets",
        "missing",
        "last",
        "usual",
        "silent",
        "refused",
    )
    show_one(row, f"source {name}", names, as_json=as_json)
    if not as_json:
        click.echo()
        for line in sources.example(sources.declared(rules, name), settings, now):
            click.echo(printable(line))


@command.command("test")
@click.argument("name", metavar="SOURCE")
def test(name: str) -> None:
    """Post a recorded event of the sender to the bridge, as a new event, signed now. The rules act on it."""
    settings = environment.load()
    with opened() as database:
        source = sources.declared(_rules(database), name)
    answer = sources.send_test(source, settings, datetime.now(UTC))
    click.echo(f"{answer.status}: {printable(answer.body)}")
    if not 200 <= answer.status <= 299:
        raise SystemExit(1)


def _rules(database: Database) -> Any:
    folder = environment.load().mappings
    return Rules(database, folder, pinned=True).current()
