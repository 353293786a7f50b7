"""`bridge cancel ID…`."""

import click

from bridge.cli.store import ids_argument, opened, report
from bridge.services import steer


@click.command("cancel")
@ids_argument
def command(ids: tuple[int, ...]) -> None:
    """Drop deliveries that wait, are held or dead; their lanes go on."""
    with opened() as database:
        report(steer.cancel(database, ids))
