"""`bridge bulk plan | list | show | start | pause | resume | cancel`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from bridge import settings as environment
from bridge.cli import filters, steering, table
from bridge.cli.rate import rate_option
from bridge.cli.screen import say_folded
from bridge.cli.store import (
    NUMBER,
    json_option,
    limit_option,
    opened,
    show_rows,
)
from bridge.cli.text import count, json_row, printable
from bridge.services import bulk
from bridge.services.bulk import Asked, Bulk, Name
from bridge.services.bulk_looks import Looker
from bridge.services.rulesets import Rules
from bridge.store import Database
from bridge.store.audit import By

_number = click.argument("number", type=NUMBER, metavar="BULK")
_COLUMNS = ("id", "act", "words", "state", "to_do", "total", "person", "planned_at")


@click.group("bulk")
def command() -> None:
    """Act on many deliveries or events: plan, look at the plan, then let the workers do it."""


@command.command("plan", cls=filters.Filtered)
@click.argument("act", type=click.Choice(bulk.ACTS))
@steering.words_argument
@click.option(
    "--rules",
    type=click.Choice(("original", "current")),
    default="original",
    show_default=True,
    help="replay: send the same request, or route the event with the current rules.",
)
@click.option("--rule", default="", help="reroute: only by this rule.")
@click.option(
    "--newest/--no-newest",
    default=None,
    help="Per ticket and rule only the newest, or every one. The newest is the default of replay and reroute.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Also send updates that are older than the last one delivered.",
)
@json_option
def plan(
    act: Name,
    words: tuple[str, ...],
    rules: str,
    rule: str,
    newest: bool | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Freeze what ids, `cause:ID` or a filter find, and show what would be done. Changes nothing yet."""
    settings = environment.load()
    asked = Asked(
        act=act,
        words=filters.written(words),
        current=rules == "current",
        rule=rule,
        newest=newest,
        force=force,
    )
    with opened() as database:
        looker = Looker(
            rules=Rules(database, settings.mappings, pinned=True).current(),
            environment=settings.environment,
            max_rendered=settings.max_rendered,
        )
        id = bulk.plan(database, asked, looker, steering.me(""), datetime.now(UTC))
        _show(database, bulk.shown(database, id), as_json=as_json)


@command.command("list")
@limit_option
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List bulk acts, newest first."""
    with opened() as database:
        rows: Any = [bulk.as_row(one) for one in bulk.listed(database, limit=limit)]
    show_rows(rows, _COLUMNS, as_json=as_json)


@command.command("show")
@_number
@click.option("--items", is_flag=True, help="Its items instead, one per line.")
@limit_option
@json_option
def show(number: int, items: bool, limit: int, as_json: bool) -> None:
    """Show a plan, or how far it is."""
    with opened() as database:
        if items:
            rows = bulk.items(database, number, limit=limit)
            columns = ("target", "ticket", "state", "message")
            show_rows(rows, columns, as_json=as_json)
            return
        _show(database, bulk.shown(database, number), as_json=as_json)


@command.command("start")
@_number
@steering.reason_option
@rate_option
@json_option
def start(number: int, reason: str, wait: float, as_json: bool) -> None:
    """Let the workers do a plan, by default 10 items per second."""
    rate = 1 / wait if wait else bulk.RATE
    with opened() as database:
        by, now = steering.me(reason), datetime.now(UTC)
        _show(database, bulk.start(database, number, by, now, rate), as_json=as_json)


Change = Callable[[Database, int, By, datetime], Bulk]


def _changing(name: str, change: Change, help: str) -> None:
    """Adds a command that changes a bulk act."""

    @command.command(name, help=help)
    @_number
    @steering.reason_option
    @json_option
    def changed(number: int, reason: str, as_json: bool) -> None:
        with opened() as database:
            found = change(database, number, steering.me(reason), datetime.now(UTC))
            _show(database, found, as_json=as_json)


_changing("pause", bulk.pause, "Stop after the item that is being done.")
_changing("resume", bulk.resume, "Continue a paused bulk act.")
_changing("cancel", bulk.cancel, "End a bulk act for good; what is done stays done.")


def _show(database: Database, found: Bulk, *, as_json: bool) -> None:
    """What it does, and how far it is."""
    if as_json:
        preview = bulk.preview(database, found.id)
        more = {
            "tickets": preview.tickets,
            "adds": {**preview.adds},
            "left": [*preview.left],
        }
        click.echo(json_row({**bulk.as_row(found), **more}))
        return
    say_folded("", bulk.sentence(found))
    preview = bulk.preview(database, found.id)
    if preview.tickets:
        say_folded("  ", count(preview.tickets, "ticket"))
    for name, number in preview.adds.items():
        say_folded(
            "  ", f"{number} would add to {name} again if the vendor already has them"
        )
    for row in preview.left:
        said = f"{row['count']} left out: {row['why']}, for example {row['example']}"
        say_folded("  ", printable(said))
    if preview.examples:
        cells = [
            [printable(row[name]) for name in ("target", "ticket", "message")]
            for row in preview.examples
        ]
        table.show((found.noun, "ticket", "what"), cells)
    if next_step := bulk.next_step(found):
        click.echo(next_step, err=True)
