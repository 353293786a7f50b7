"""`bridge deliveries list | show`."""

import click

from bridge.cli.store import (
    json_option,
    limit_option,
    opened,
    plain,
    printable,
    show_rows,
)
from bridge.store import views
from bridge.store.tables import FINISHED, UNFINISHED

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
_ATTEMPT = ("number", "started_at", "elapsed_ms", "status", "verdict", "code", "reason")


@click.group("deliveries")
def command() -> None:
    """Calls to vendors: waiting, delivered, held, dead."""


@command.command("list")
@click.option(
    "--state", type=click.Choice((*UNFINISHED, *FINISHED)), help="In this state only."
)
@click.option("--connection", "name", help="Of this connection only.")
@click.option("--event", type=int, help="Of this event only.")
@limit_option
@json_option
def list_(
    state: str | None, name: str | None, event: int | None, limit: int, as_json: bool
) -> None:
    """List deliveries, newest first."""
    with opened() as database, database.read() as connection:
        rows = views.list_deliveries(
            connection, state=state, event_id=event, connection_name=name, limit=limit
        )
    show_rows(rows, _COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("id", type=int)
@json_option
def show(id: int, as_json: bool) -> None:
    """Show one delivery: its request without credentials, and every attempt with its answer."""
    with opened() as database, database.read() as connection:
        found = views.delivery(connection, id)
        attempts = views.attempts_of(connection, id)
    if found is None or as_json:
        rows = (
            [{**found, "attempts_made": [_plain(row) for row in attempts]}]
            if found
            else []
        )
        show_rows(rows, _COLUMNS, as_json=as_json)
        return
    for name in (*_COLUMNS, "created_at", "due_at", "finished_at"):
        click.echo(f"{name:12} {printable(found[name])}")
    if found["call"]:
        click.echo(
            f"{'request':12} {found['call']['method']} {printable(found['call']['path'])}"
        )
        click.echo(f"{'body':12} {printable(found['body'])}")
    if attempts:
        click.echo()
        show_rows(attempts, (*_ATTEMPT, "reply"), as_json=False)


def _plain(row: object) -> dict[str, object]:
    return {key: plain(value) for key, value in dict(row).items()}  # type: ignore[call-overload]
