"""`bridge demo`."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bridge import settings as environment

if TYPE_CHECKING:
    from bridge.demo import Demo, Wanted
    from bridge.sandbox.state import Recorded


@click.command("demo")
@click.option(
    "--once",
    is_flag=True,
    help="End when all is done: exit code 0 if every call arrived.",
)
def command(once: bool) -> None:
    """Send every recorded payload, signed, through a real bridge to pretend vendors; then stay up to look at."""
    from bridge import demo

    folder = environment.load().mappings
    click.echo("starting the sandbox vendors and the bridge …", err=True)
    with demo.running(folder) as running:
        sendings = running.sendings()
        wanted = running.wanted(sendings)
        for sending in sendings:
            status = running.send(sending)
            click.echo(f"  {status} {sending.source.name:10} {sending.name}", err=True)
        missing, extra = running.wait(wanted)
        _show(running.sandbox.calls())
        ok = _judge(len(wanted), missing, extra)
        if not once:
            _stay(running)
    if not ok:
        raise SystemExit(1)


def _show(calls: "Sequence[Recorded]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title="What the vendors received", title_justify="left", header_style="bold"
    )
    for column in ("Vendor", "Answer", "Call", "Body"):
        table.add_column(column, overflow="fold")
    for call in sorted(calls, key=lambda item: item.vendor):
        body = Text(call.body.decode("utf-8", "backslashreplace"))
        table.add_row(call.vendor, str(call.status), f"{call.method} {call.path}", body)
    Console().print(table)


def _judge(count: int, missing: "Sequence[Wanted]", extra: "Sequence[Wanted]") -> bool:
    if not missing and not extra:
        click.secho(f"all {count} expected calls arrived, and no others", fg="green")
        return True
    for what, calls in (("missing", missing), ("unexpected", extra)):
        for call in calls:
            click.secho(f"{what}: {call}", fg="red", err=True)
    return False


def _stay(running: "Demo") -> None:
    click.echo(
        f"\nbridge   {running.url}/hooks/<source>   health and metrics at {running.admin_url}",
        err=True,
    )
    click.echo(
        f"vendors  {running.sandbox.url}/          what they hold, as a page", err=True
    )
    click.echo("Ctrl-C ends the demo.", err=True)
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        click.echo("stopping …", err=True)
