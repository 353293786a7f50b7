"""`bridge retry ID…`."""

import click

from bridge import settings as environment
from bridge.cli.store import ids_argument, opened, report
from bridge.services import steer
from bridge.services.rulesets import Rules


@click.command("retry")
@ids_argument
def command(ids: tuple[int, ...]) -> None:
    """Send dead letters again as they were. One that a rule's error made is routed again with the rules of now."""
    settings = environment.load()
    with opened() as database:
        rules = Rules(
            database, settings.mappings, pinned=True
        )  # what runs, not what is being edited
        report(steer.retry(database, ids, rules.current(), settings.environment))
