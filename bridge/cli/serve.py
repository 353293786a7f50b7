"""`bridge serve`."""

import os
import socket
import time

import click

from bridge import log, serve
from bridge import settings as environment

# Seconds to wait for a bridge that was just killed to free its ports.
PATIENCE = 3.0


@click.command("serve")
@click.option(
    "--bind", metavar="HOST:PORT", help="The address that receives hooks [BRIDGE_BIND]."
)
@click.option(
    "--receivers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of receiving processes.",
)
@click.option(
    "--ruleset",
    type=click.Choice(["folder", "pinned"]),
    help="Use the mapping folder, or what `bridge check --activate` stored.",
)
@click.option("--no-worker", is_flag=True, help="Only receive and store.")
def command(
    bind: str | None, receivers: int, ruleset: str | None, no_worker: bool
) -> None:
    """Run receivers and a worker until SIGTERM, which lets them finish what they are doing."""
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
    """Makes every error that would stop a child stop the parent first, with its findings."""
    from bridge.app import open_parts

    for name in ("bind", "admin_bind"):
        _require_port(f"BRIDGE_{name.upper()}", getattr(settings, name))
    parts = open_parts(settings)
    active = parts.rules.active
    parts.database.close()
    if active.degraded:
        click.echo(
            "bridge: the mapping files have errors: the last good version stays active",
            err=True,
        )


def _require_port(name: str, bind: str) -> None:
    """Raises OSError if nothing can listen there: receivers would otherwise be restarted for a minute."""
    until = time.monotonic() + PATIENCE
    while error := _cannot_listen(bind):
        if time.monotonic() > until:
            raise OSError(
                f"cannot listen on {bind} ({error.strerror}): stop the program that uses it, or change {name}"
            )
        time.sleep(0.1)


def _cannot_listen(bind: str) -> OSError | None:
    """The error of binding a socket as gunicorn does; None if it works. Does not listen."""
    host, port = environment.split_bind(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as error:
        return error
    return None
