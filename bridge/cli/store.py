"""Shared by the commands that read the store: opening it, and showing rows as a table or as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from bridge import settings as environment
from bridge.cli.text import json_row, printable
from bridge.store import Database, ensure_shape, require_there
from bridge.store.events import StoredEvent

json_option = click.option(
    "--json", "as_json", is_flag=True, help="JSON, one object per line."
)
limit_option = click.option(
    "--limit",
    default=50,
    show_default=True,
    type=click.IntRange(min=1),
    help="Maximum number of rows.",
)

event_argument = click.argument("name", metavar="EVENT")
# The number of an event or a delivery: what the store can hold.
NUMBER = click.IntRange(1, 2**63 - 1)
# Exit code: nothing matched.
_NOTHING = 5


@contextmanager
def opened(*, make: bool = False) -> Iterator[Database]:
    """The store of the settings, upgraded to this release. If there is none, only `make` creates it."""
    url = environment.load().database_url
    if not make:
        require_there(url)
    database = Database(url, tell)
    try:
        ensure_shape(database)
        yield database
    finally:
        database.close()


def tell(line: str) -> None:
    """Says what the command is waiting for."""
    click.echo(f"bridge: {printable(line)}", err=True)


def show_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool
) -> None:
    """A table of the named columns, or every column as JSON; exit code 5 if there are no rows."""
    if not rows:
        nothing("nothing matched")
    if not as_json:
        show_table(rows, columns)
    for row in rows if as_json else ():
        click.echo(json_row(row))


def show_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """The named columns of the rows, no wider than the terminal."""
    from bridge.cli import table

    cells = [[printable(row[column]) for column in columns] for row in rows]
    table.show(columns, cells)


def show_one(
    row: Mapping[str, Any] | None, what: str, names: Sequence[str], *, as_json: bool
) -> Mapping[str, Any]:
    """One row: a line per name, or all of it as JSON; ends the command if there is none."""
    if row is None:
        nothing(f"there is no {what}")
    if as_json:
        show_rows([row], (), as_json=True)
    else:
        from bridge.cli import table

        table.block(names, [printable(row[name]) for name in names])
    return row


def event_named(database: Database, name: str) -> StoredEvent:
    """The event with this number or this id of its sender; ends the command if there is none."""
    from bridge.services.stored import named

    return named(database, name) or nothing(f"there is no event {printable(name)}")


def nothing(message: str) -> NoReturn:
    """Says that nothing matched, and ends the command."""
    click.echo(message, err=True)
    raise SystemExit(_NOTHING)
