"""`bridge resume`."""

import click

from bridge.cli import steering
from bridge.cli.store import json_option, nothing, opened
from bridge.cli.text import json_row
from bridge.services import pausing, steer
from bridge.store.pauses import Scope


@click.command("resume")
@click.argument("connection", required=False, metavar="[CONNECTION]")
@steering.scope_options
@steering.reason_option
@json_option
def command(
    connection: str | None, scope: Scope | None, reason: str, as_json: bool
) -> None:
    """Resume a parked or failing CONNECTION, or what was paused with these options.

    Parked: correct its credentials first. Failing: its vendor is tried now instead of at the next probe.
    """
    if (connection is None) == (scope is None):
        raise click.UsageError(
            "name a connection, or what was paused: `bridge pause` lists both"
        )
    by = steering.me(reason)
    with opened() as database:
        if connection is not None and not steer.resume(database, connection, by):
            nothing(
                f"connection '{connection}' is not parked or failing: `bridge pause` lists those that are,"
                " `bridge deliveries show ID` says what a delivery waits for"
            )
        if scope is not None and not pausing.resume(database, scope, by):
            nothing(f"{scope} is not paused: `bridge pause` lists what is")
        left = steering.stopped(database)
    click.echo(f"{connection or scope} resumed", err=True)
    for row in left:
        said = "still {kind}: {what} (`{resume}`)".format_map(row)
        click.echo(json_row(row) if as_json else said, err=not as_json)
