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
    help="Instead, print the secret that was learnt: once, and only with --reason.",
)
@steering.reason_option
def command(name: str, show: bool, reason: str) -> None:
    """Let a sender tell another secret than the one that was learnt as NAME.

    The former one counts until then. The first who tells one is believed, so let the sender check the URL at once.
    Notion wants the secret that it told pasted back into its page: --show prints it.
    """
    by = steering.me(reason)
    if show and not reason.strip():
        raise click.UsageError(
            "--show needs --reason TEXT: the audit trail says why a secret was shown"
        )
    with opened() as database:
        if show:
            _show(database, name, by)
            return
        if not relearn(database, name, by):
            nothing(f"no secret '{name}' was learnt, or another one is let in already")
    click.echo(f"the next secret that is told as '{name}' counts", err=True)


def _show(database: Database, name: str, by: By) -> None:
    secret = shown(database, name, environment.load().secret_key, by)
    if secret is None:
        nothing(
            f"no secret '{name}' was learnt, or it was shown before:"
            f" `bridge relearn {name}` lets another one in, which can be shown then"
        )
    click.echo(secret.reveal())
