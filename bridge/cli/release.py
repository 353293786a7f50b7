"""`bridge release ID…`."""

import click

from bridge.cli.store import ids_argument, opened, report
from bridge.services import steer


@click.command("release")
@ids_argument
def command(ids: tuple[int, ...]) -> None:
    """Let held deliveries go."""
    with opened() as database:
        report(steer.release(database, ids))
