"""`bridge resume CONNECTION`."""

import click

from bridge.cli.store import nothing, opened
from bridge.services import steer


@click.command("resume")
@click.argument("connection")
def command(connection: str) -> None:
    """Let a parked connection go on, after its credentials were put right."""
    with opened() as database:
        if not steer.resume(database, connection):
            nothing(f"no connection '{connection}' is parked")
    click.echo(f"'{connection}' goes on", err=True)
