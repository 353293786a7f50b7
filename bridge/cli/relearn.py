"""`bridge relearn`."""

import click

from bridge.cli import steering
from bridge.cli.store import nothing, opened
from bridge.services.relearning import relearn


@click.command("relearn")
@click.argument("name", metavar="NAME")
@steering.reason_option
def command(name: str, reason: str) -> None:
    """Let a sender tell another secret than the one that was learnt as NAME.

    The former one counts until then. The first who tells one is believed, so let the sender check the URL at once.
    """
    by = steering.me(reason)
    with opened() as database:
        if not relearn(database, name, by):
            nothing(f"no secret '{name}' was learnt, or another one is let in already")
    click.echo(f"the next secret that is told as '{name}' counts", err=True)
