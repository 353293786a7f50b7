"""`bridge tail [FILTER]`."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import click

from bridge.cli import filters
from bridge.cli.store import json_option, opened
from bridge.cli.text import json_row, printable
from bridge.services import finding
from bridge.store import Database

# Seconds between looks.
EVERY = 1.0
# Looks that a late commit may take: its number is older than what is shown already.
_BACK = 5
_PAGE = 500
_SHOWN = ("received_at", "source", "type", "id", "summary")


@click.command("tail", cls=filters.Filtered)
@filters.filter_argument
@json_option
def command(words: tuple[str, ...], as_json: bool) -> None:
    """Print events and refused requests as they come, one per line, until Ctrl-C."""
    with opened() as database, suppress(KeyboardInterrupt):
        for row in coming(database, filters.text(words), _rest):
            click.echo(json_row(row) if as_json else _line(row))


def coming(
    database: Database, text: str, rest: Callable[[], None]
) -> Iterator[finding.Row]:
    """What comes from now on, each once, oldest first, without end; `rest` is called before each look."""
    begun, _ = _look(database, text, "")
    marks, told = deque([begun], maxlen=_BACK), set[tuple[bool, int]]()
    while True:
        rest()
        newest, rows = _look(database, text, marks[0])
        marks.append(newest)
        named = {(row["refused"], row["id"]): row for row in reversed(rows)}
        yield from (row for name, row in named.items() if name not in told)
        # The next look begins no earlier than this one, so it finds nothing else that was shown.
        told = {*named}


def _look(database: Database, text: str, after: str) -> tuple[str, list[finding.Row]]:
    """The mark of what comes later, and the rows above a mark, newest first; without a mark, none."""
    now, rows = datetime.now(UTC), list[finding.Row]()
    limit = _PAGE if after else 1
    page = finding.find(database, "received", text, after=after, limit=limit, now=now)
    newest = page.newest
    while after:
        rows += page.rows
        if not page.next:
            break
        page = finding.find(
            database,
            "received",
            text,
            after=after,
            cursor=page.next,
            limit=limit,
            now=now,
        )
    return newest, rows


def _rest() -> None:
    time.sleep(EVERY)


def _line(row: finding.Row) -> str:
    return "  ".join(printable(row[name]) for name in _SHOWN if row[name] is not None)
