"""`bridge pause`."""

from dataclasses import asdict

import click

from bridge import settings as environment
from bridge.cli import steering
from bridge.cli.store import json_option, nothing, opened, show_rows
from bridge.services import pausing
from bridge.services.rulesets import Rules


@click.command("pause")
@steering.scope_options
@steering.reason_option
@json_option
def command(
    source: str | None,
    rule: str | None,
    name: str | None,
    ticket: str | None,
    everything: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Stop deliveries that agree with all that is named, on all hosts; events are taken in all the same.

    Without an option: list what is paused and parked.
    """
    scope = steering.scope(source, rule, name, ticket, everything=everything)
    with opened() as database:
        if scope is None:
            stopped = [asdict(item) for item in pausing.listed(database)]
            if not stopped:
                nothing("nothing is paused or parked")
            show_rows(stopped, tuple(stopped[0]), as_json=as_json)
            return
        if scope.as_mapping():
            folder = environment.load().mappings
            rules = Rules(database, folder, pinned=True).current()
            pausing.check(database, scope, rules)
        new = pausing.pause(database, scope, steering.me(reason))
    said = "is paused" if new else "was paused before"
    click.echo(
        f"{scope} {said}: `bridge resume {pausing.options(scope)}` lets it go on",
        err=True,
    )
