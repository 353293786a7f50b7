"""`bridge why EVENT`."""

from collections.abc import Mapping
from typing import Any

import click

from bridge import settings as environment
from bridge.cli.store import nothing, opened
from bridge.cli.text import at, count, printable
from bridge.store import views

_MANY = 1_000  # as many as for_each may make of one event and one rule
_NEXT = {
    "dead": "put it right, then `bridge retry {id}`",
    "held": "look at the ticket, then `bridge release {id}` or `bridge cancel {id}`",
}


@click.command("why")
@click.argument("id", type=int)
def command(id: int) -> None:
    """Say what every rule made of an event, and what became of its deliveries."""
    folder = environment.load().mappings
    with opened() as database, database.read() as connection:
        event = views.event(connection, id)
        decisions = views.decisions_of(connection, id)
        deliveries = views.list_deliveries(connection, event_id=id, limit=_MANY)
    if event is None:
        nothing(f"there is no event {id}")
    said = f"event {id}: {event['type']} from {event['source']}, {event['state']}"
    click.echo(printable(said))
    if event["state"] == "stored":
        click.echo("  no rule was asked yet: a worker will")
    for row in decisions:
        rule = row["rule"] or "every rule"
        said = f"{row['said']:9} {rule}: {row['reason']}  ({at(folder, row['place'])})"
        click.echo(f"  {printable(said)}")
    for row in reversed(deliveries):
        click.echo(f"  {printable(_delivery(row))}")


def _delivery(row: Mapping[str, Any]) -> str:
    tried = f" after {count(row['attempts'], 'attempt')}" if row["attempts"] else ""
    reason = f": {row['reason']}" if row["reason"] else ""
    step = _NEXT.get(row["state"], "").format(id=row["id"])
    said = f"delivery {row['id']} to {row['connection']}, {row['state']}{tried}{reason}"
    return f"{said} → {step}" if step else said
