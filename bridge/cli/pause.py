"""`bridge pause`."""

import click

from bridge.cli import steering
from bridge.cli.store import json_option, nothing, opened, show_rows
from bridge.mapping import Ruleset
from bridge.services import pausing, rulesets
from bridge.store import Database
from bridge.store.pauses import Scope


@click.command("pause")
@steering.scope_options
@steering.reason_option
@json_option
def command(scope: Scope | None, reason: str, as_json: bool) -> None:
    """Pause the deliveries that match all the options, on all hosts. Events are still received.

    Without options, list what is paused, parked or failing.
    """
    with opened() as database:
        if scope is None:
            stopped = steering.stopped(database)
            if not stopped:
                nothing("nothing is paused, parked or failing")
            show_rows(stopped, tuple(stopped[0]), as_json=as_json)
            return
        rules = _checked(database, scope)
        new = pausing.pause(database, scope, steering.me(reason), rules)
        if as_json:
            mine = (
                row for row in steering.stopped(database) if row["what"] == str(scope)
            )
            show_rows([*mine], (), as_json=True)
    said = "paused" if new else "was already paused"
    click.echo(
        f"{scope} {said}; to resume: bridge resume {pausing.options(scope)}",
        err=True,
    )


def _checked(database: Database, scope: Scope) -> Ruleset | None:
    """The active rules. Refuses an unknown name; if there are no rules to check against, accepts any name."""
    if not scope.as_mapping():
        return None
    rules = rulesets.last_good(database)
    if rules is None:
        said = f"no rules are active, so {scope} was not checked"
        click.echo(said, err=True)
        return None
    pausing.check(database, scope, rules)
    return rules
