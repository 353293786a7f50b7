"""`bridge why EVENT`."""

import click

from bridge.cli.store import NOTHING, opened, printable
from bridge.store import views


@click.command("why")
@click.argument("id", type=int)
def command(id: int) -> None:
    """Say what every rule made of an event, and what became of its deliveries."""
    with opened() as database, database.read() as connection:
        event = views.event(connection, id)
        decisions = views.decisions_of(connection, id)
        deliveries = views.list_deliveries(connection, event_id=id)
    if event is None:
        click.echo(f"there is no event {id}", err=True)
        raise SystemExit(NOTHING)
    click.echo(
        f"event {id}: {printable(event['type'])} from {event['source']}, {event['state']}"
    )
    if event["state"] == "stored":
        click.echo("  no rule was asked yet: a worker will")
    for row in decisions:
        click.echo(
            f"  {row['said']:9} {row['rule']}: {printable(row['reason'])}  ({row['place']})"
        )
    for row in reversed(deliveries):
        last = f": {printable(row['reason'])}" if row["reason"] else ""
        click.echo(
            f"  delivery {row['id']} to {row['connection']}, {row['state']}{last}"
        )
