"""`bridge doctor`."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bridge import settings as environment
from bridge.cli.store import json_option
from bridge.cli.text import json_line, printable

if TYPE_CHECKING:
    from bridge.services.doctor import Line


@click.command("doctor")
@click.option(
    "--running", is_flag=True, help="Ask the running bridge only; for health checks."
)
@click.option(
    "--reach",
    is_flag=True,
    help="Every vendor's host too: DNS, TCP and TLS; sends nothing.",
)
@json_option
def command(running: bool, reach: bool, as_json: bool) -> None:
    """Look at all that a bridge needs: each line ok or what to do."""
    from bridge.services import doctor

    settings = environment.load()
    if running:
        lines = doctor.ask(settings)
    else:
        lines = doctor.examine(settings, reach=reach)
    well = True
    for line in lines:
        well = well and line.ok
        click.echo(json_line(asdict(line)) if as_json else _said(line))
    if not well:
        raise SystemExit(1)


def _said(line: "Line") -> str:
    message = "\n".join(map(printable, line.message.split("\n")))
    indented = message.replace("\n", f"\n{'':15}")
    return f"{'ok  ' if line.ok else 'FAIL'} {line.what:9} {indented}"
