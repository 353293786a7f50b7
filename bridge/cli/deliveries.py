"""`bridge deliveries list | show | curl`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from bridge.cli import filters, lists
from bridge.cli.store import (
    NUMBER,
    json_option,
    limit_option,
    nothing,
    opened,
    show_one,
)
from bridge.cli.text import plain, printable
from bridge.state import State
from bridge.store import views

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
_MORE = ("created_at", "due_at", "finished_at", "replay_of", "outlook")


@click.group("deliveries")
def command() -> None:
    """Show the calls to vendors: waiting, delivered, held, dead."""


@command.command("list", cls=filters.Filtered)
@filters.filter_argument
@click.option(
    "--state", type=click.Choice([*map(str, State)]), help="Only in this state."
)
@click.option("--connection", "name", help="Only of this connection.")
@click.option("--event", type=NUMBER, help="Only of this event.")
@limit_option
@lists.cursor_option
@json_option
def list_(
    words: tuple[str, ...],
    state: str | None,
    name: str | None,
    event: int | None,
    limit: int,
    cursor: str,
    as_json: bool,
) -> None:
    """List deliveries, newest first: state:dead rule:paid* -connection:vambe-cl since:24h "no such ticket"."""
    lists.show(
        "deliveries",
        words,
        _COLUMNS,
        limit=limit,
        cursor=cursor,
        as_json=as_json,
        state=state,
        connection=name,
        event=event,
    )


@command.command("show")
@click.argument("id", type=NUMBER)
@json_option
def show(id: int, as_json: bool) -> None:
    """Show one delivery: its request without credentials, every attempt, and what comes next."""
    from bridge.services.outlook import outlook

    with opened() as database:
        with database.read() as tx:
            delivery = views.delivery(tx, id)
            attempts = views.attempts_of(tx, id)
        if delivery is None:
            nothing(f"there is no delivery {id}")
        said = outlook(database, delivery, datetime.now(UTC))
    made = [{key: plain(row[key]) for key in row} for row in attempts]
    row = {**delivery, "outlook": said, "attempts_made": made}
    show_one(row, f"delivery {id}", (*_COLUMNS, *_MORE), as_json=as_json)
    if not as_json:
        _show_calls(delivery, attempts)


@command.command("curl")
@click.argument("id", type=NUMBER)
def curl(id: int) -> None:
    """Print the request of a delivery as a curl command to paste; put the credentials in place of <secret>."""
    from bridge.services.sent import curl_of, request_of

    with opened() as database:
        with database.read() as tx:
            row = views.delivery(tx, id)
        sent = request_of(database, row) if row else None
    if sent is None:
        nothing(
            f"delivery {id} has no request" if row else f"there is no delivery {id}"
        )
    for line in curl_of(sent):
        click.echo(line)


def _show_calls(
    delivery: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> None:
    """The request, and each answer."""
    from bridge.services.requests import answer_lines, request_lines

    click.echo()
    for line in request_lines(delivery):
        click.echo(printable(line))
    for row in attempts:
        status = row["status"] or "no answer"
        said = f"attempt {row['number']} at {printable(row['started_at'])}: {status}"
        told = f"{said} after {row['elapsed_ms']} ms, {row['verdict']}: {row['reason']}"
        click.echo(f"\n{printable(told)}")
        for line in answer_lines(row["reply"]):
            click.echo(f"  {printable(line)}")
