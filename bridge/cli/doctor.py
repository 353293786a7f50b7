"""`bridge doctor`."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bridge import settings as environment
from bridge.cli.store import json_option
from bridge.cli.text import json_line, printable

if TYPE_CHECKING:
    from bridge.services.doctor import Line


# Columns before a line's message.
_INDENT = 15


@click.command("doctor")
@click.option(
    "--running", is_flag=True, help="Only ask the running bridge; for health checks."
)
@click.option(
    "--reach",
    is_flag=True,
    help="Also connect to every vendor (nothing is sent) and fetch the keys that senders publish.",
)
@json_option
def command(running: bool, reach: bool, as_json: bool) -> None:
    """Check everything a bridge needs: one line per check, with what to do if it fails."""
    from bridge.services import doctor

    settings = environment.load()
    if running:
        lines = doctor.ask(settings)
    else:
        lines = doctor.examine(settings, reach=reach)
    well = True
    for line in lines:
        well = well and line.ok
        if as_json:
            click.echo(json_line(asdict(line)))
        else:
            _say(line)
    if not well:
        raise SystemExit(1)


def _say(line: "Line") -> None:
    from bridge.cli import screen

    mark = "ok" if line.ok else "FAIL"
    first, *more = map(printable, line.message.split("\n"))
    lead = screen.painted(f"{mark:4}", mark)
    lines = [part for text in (first, *more) for part in screen.folded(text, _INDENT)]
    screen.say(f"{lead} {line.what:9} {lines[0]}")
    for part in lines[1:]:
        screen.say(f"{'':{_INDENT}}{part}")
