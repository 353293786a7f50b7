"""`bridge relearn`."""

import click

from bridge import settings as environment
from bridge.cli import steering
from bridge.cli.store import nothing, opened
from bridge.services.relearning import relearn, shown
from bridge.store import Database
from bridge.store.audit import By


@click.command("relearn")
@click.argument("name", metavar="NAME")
@click.option(
    "--show",
    is_flag=True,
    help="Print the learnt secret, once, instead of accepting a new one; needs --reason.",
)
@steering.reason_option
def command(name: str, show: bool, reason: str) -> None:
    """Accept a new secret from a sender, in place of the one that was learnt as NAME.

    The old secret stays valid until the new one arrives. Whoever sends one first is believed, so let the sender verify
    its URL at once. Notion wants its secret pasted back into its own page: --show prints it.
    """
    by = steering.me(reason)
    if show and not reason.strip():
        raise click.UsageError(
            "--show needs --reason TEXT: the audit trail records why a secret was shown"
        )
    with opened() as database:
        if show:
            _show(database, name, by)
            return
        if not relearn(database, name, by):
            nothing(f"no secret '{name}' was learnt, or a new one is already awaited")
    click.echo(f"the next secret that the sender sends becomes '{name}'", err=True)


def _show(database: Database, name: str, by: By) -> None:
    secret = shown(database, name, environment.load().secret_key, by)
    if secret is None:
        nothing(
            f"no secret '{name}' was learnt, or it was already shown:"
            f" run `bridge relearn {name}` to accept a new one, which can then be shown"
        )
    click.echo(secret.reveal())
