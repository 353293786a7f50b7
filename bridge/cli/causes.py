"""`bridge causes`."""

from datetime import UTC, datetime

import click

from bridge.cli.screen import say_folded
from bridge.cli.store import json_option, nothing, opened
from bridge.cli.text import count, json_row, printable
from bridge.services import causes
from bridge.services.causes import Cause
from bridge.state import State


@click.command("causes")
@click.option("--held", is_flag=True, help="Held deliveries instead of dead letters.")
@json_option
def command(held: bool, as_json: bool) -> None:
    """List dead letters by cause, the largest first: how many, since when, and what to do."""
    state = State.HELD if held else State.DEAD
    with opened() as database:
        found = causes.listed(database, state, datetime.now(UTC))
    if not found.causes:
        nothing("nothing matched")
    for cause in found.causes:
        if as_json:
            click.echo(json_row(causes.as_row(cause)))
        else:
            _show(cause)
    if not found.complete:
        click.echo(f"only the newest of {found.total} were looked at", err=True)


def _show(cause: Cause) -> None:
    key = " · ".join(
        part for part in (cause.code, cause.rule, cause.connection) if part
    )
    deliveries = count(cause.count, "delivery")
    say_folded(
        f"{cause.id}  ",
        printable(f"{key}: {deliveries}, {count(cause.tickets, 'ticket')}"),
    )
    since = f"first {printable(cause.first)}, last {printable(cause.last)}"
    ruleset = f", since ruleset {cause.ruleset[:12]}" if cause.ruleset else ""
    say_folded("    ", f"{since}{ruleset}, for example delivery {cause.example}")
    if cause.said:
        say_folded("    ", printable(cause.shown))
    say_folded("    ", f"{cause.remedy.title}: {cause.remedy.step}")
