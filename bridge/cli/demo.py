"""`bridge demo`."""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge import settings as environment
from bridge.cli.screen import painted, say
from bridge.cli.text import printable

if TYPE_CHECKING:
    from bridge.demo import Demo, Wanted
    from bridge.sandbox.state import Recorded


@click.command("demo")
@click.option(
    "--once",
    is_flag=True,
    help="Exit when done: exit code 0 if every call arrived.",
)
def command(once: bool) -> None:
    """Send every recorded payload, signed, through a real bridge to pretend vendors, then keep running."""
    from bridge import demo

    # Exit through the context managers, so that nothing is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _mappings() as folder:
        click.echo("starting the sandbox vendors and the bridge …", err=True)
        with demo.running(folder) as running:
            ok = _run(running)
            if not once:
                _stay(running)
    if not ok:
        raise SystemExit(1)


@contextmanager
def _mappings() -> Iterator[Path]:
    """The folder of BRIDGE_MAPPINGS; if it is not set and ./mappings does not exist, Bridge's own samples."""
    from bridge.cli import sample_mappings

    folder = environment.load().mappings
    if folder != environment.Settings().mappings or folder.exists():
        yield folder
        return
    with sample_mappings.laid_out() as folder:
        click.echo(
            "there is no folder mappings here: using Bridge's own samples", err=True
        )
        yield folder


def _run(running: "Demo") -> bool:
    """Sends everything; returns whether the vendors received exactly what they should."""
    sendings = running.sendings()
    wanted = running.wanted(sendings)
    for sending in sendings:
        status = running.send(sending)
        click.echo(f"  {status} {sending.source.name:10} {sending.name}", err=True)
    return _judge(running, wanted)


def _show(calls: "Sequence[Recorded]") -> None:
    from bridge.cli.received import show

    for call in sorted(calls, key=lambda item: item.vendor):
        show(call)


def _judge(running: "Demo", wanted: "Sequence[Wanted]") -> bool:
    """Reports, and returns, whether every expected call arrived and no other."""
    missing, extra = running.wait(wanted)
    _show(running.sandbox.calls())
    for what, calls in (("missing", missing), ("unexpected", extra)):
        for call in calls:
            said = f"{what}: {call.vendor} {call.method} {call.path} {call.body}"
            say(painted(printable(said), "error"))
    if missing:
        for reason in running.waiting():
            click.echo(f"  {printable(reason)}", err=True)
    if missing or extra:
        return False
    say(painted(f"all {len(wanted)} expected calls arrived, and no others", "ok"))
    return True


def _stay(running: "Demo") -> None:
    click.echo(
        f"\nbridge   {running.url}/hooks/<source>   health and metrics at {running.admin_url}",
        err=True,
    )
    click.echo(
        f"vendors  {running.sandbox.url}/          their tickets, as a page", err=True
    )
    click.echo("Press Ctrl-C to stop.", err=True)
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        click.echo("stopping …", err=True)
