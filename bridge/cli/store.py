"""What the commands that look into the store share: opening it, and showing rows as a table or as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from bridge import settings as environment
from bridge.services.steer import Done
from bridge.store import Database, migrate
from bridge.strict import json

json_option = click.option(
    "--json", "as_json", is_flag=True, help="JSON, one object a line."
)
ids_argument = click.argument("ids", nargs=-1, required=True, type=int)
limit_option = click.option(
    "--limit", default=50, show_default=True, help="Rows at most."
)

NOTHING = 5  # exit code: nothing matched


@contextmanager
def opened() -> Iterator[Database]:
    """The store of the settings, migrated."""
    database = Database(environment.load().database_url)
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def show_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool
) -> None:
    """A table of the named columns, or every column as JSON; exit code 5 when there is no row."""
    if as_json:
        for row in rows:
            click.echo(json.dumps({key: plain(value) for key, value in row.items()}))
    elif rows:
        _table(rows, columns)
    if not rows:
        click.echo("nothing matched", err=True)
        raise SystemExit(NOTHING)


def report(done: Sequence[Done]) -> None:
    """One line an id; exit code 1 when any was not changed."""
    for item in done:
        click.echo(f"{item.id}: {item.message}")
    if not all(item.ok for item in done):
        raise SystemExit(1)


def plain(value: Any) -> Any:
    """A value as JSON shows it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value


def printable(value: Any) -> str:
    """A value as one line of a terminal shows it: what a sender wrote cannot move the cursor."""
    if value is None:
        return "–"
    text = (
        value.strftime("%m-%d %H:%M:%S")
        if isinstance(value, datetime)
        else str(plain(value))
    )
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(row[column])) for column in columns))
    Console(soft_wrap=False).print(table)
