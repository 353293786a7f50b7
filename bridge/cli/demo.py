"""`bridge demo`."""

import itertools
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge import settings as environment
from bridge.cli.screen import painted, say
from bridge.cli.text import printable

if TYPE_CHECKING:
    from bridge.demo import Demo

# Seconds between the events that arrive while the demo stays up.
PAUSE = 20.0


@click.command("demo")
@click.option(
    "--once",
    is_flag=True,
    help="Only send every recorded payload, and exit: 0 if every call arrived.",
)
def command(once: bool) -> None:
    """Show a real bridge at work: its console with a week of invented events, and pretend vendors."""
    from bridge import demo

    # Exit through the context managers, so that nothing is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _mappings() as folder:
        if not once:
            click.echo("inventing a week of events …", err=True)
        click.echo("starting the sandbox vendors and the bridge …", err=True)
        with demo.running(folder, week=not once) as running:
            if not once:
                _stay(running)
            elif not _run(running):
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
    from bridge.cli.received import show

    sendings = running.sendings()
    wanted = running.wanted(sendings)
    for sending in sendings:
        status = running.send(sending)
        click.echo(f"  {status} {sending.source.name:10} {sending.name}", err=True)
    missing, extra = running.wait(wanted)
    for received in sorted(running.sandbox.calls(), key=lambda item: item.vendor):
        show(received)
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
    """Says where to look, and sends an event now and then, until Ctrl-C."""
    from bridge import demo

    for line in (
        f"console  {running.admin_url}/console",
        f"         sign in as {demo.PERSON}, password {running.password}",
        f"bridge   {running.url}/hooks/<source>",
        f"vendors  {running.sandbox.url}/   their tickets, as a page",
    ):
        say(line)
    click.echo(
        f"\nA new event arrives every {PAUSE:.0f} s. Press Ctrl-C to stop.", err=True
    )
    sendings = itertools.cycle(running.sendings())
    try:
        for number, sending in enumerate(sendings, start=1):
            running.send(sending, number)
            time.sleep(PAUSE)
    except KeyboardInterrupt:
        click.echo("stopping …", err=True)
