"""`bridge serve`."""

import os

import click

from bridge import log, serve
from bridge import settings as environment


@click.command("serve")
@click.option(
    "--bind", metavar="HOST:PORT", help="Where hooks are received [BRIDGE_BIND]."
)
@click.option("--receivers", default=1, show_default=True, help="Receiving processes.")
@click.option(
    "--ruleset",
    type=click.Choice(["folder", "pinned"]),
    help="Follow the mapping folder, or what `bridge check --activate` stored.",
)
@click.option("--no-worker", is_flag=True, help="Receive and store only.")
def command(
    bind: str | None, receivers: int, ruleset: str | None, no_worker: bool
) -> None:
    """Run receivers and a worker until SIGTERM, which drains them."""
    if bind:
        os.environ["BRIDGE_BIND"] = bind
    if ruleset:
        os.environ["BRIDGE_RULESET"] = ruleset
    os.environ["WEB_CONCURRENCY"] = str(receivers)
    log.configure()
    settings = environment.load()
    _check(settings)
    click.echo(f"hooks  http://{settings.bind}/hooks/<source>", err=True)
    click.echo(f"admin  http://{settings.admin_bind}/readyz", err=True)
    raise SystemExit(serve.run(serve.children(worker=not no_worker)))


def _check(settings: environment.Settings) -> None:
    """Everything that would stop a child stops the parent first, with its findings."""
    from bridge.app import open_parts

    parts = open_parts(settings)
    active = parts.rules.active
    parts.database.close()
    if active.degraded:
        click.echo(
            "bridge: the mapping files have errors, the last good ones stay active",
            err=True,
        )
