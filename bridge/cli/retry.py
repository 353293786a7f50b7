"""`bridge retry ID…|FILTER…`."""

import click

from bridge import settings as environment
from bridge.cli import steering
from bridge.cli.filters import Filtered
from bridge.cli.store import json_option, opened
from bridge.services import acts, steer
from bridge.services.rulesets import Rules


@click.command("retry", cls=Filtered)
@steering.words_argument
@steering.reason_option
@steering.yes_option
@json_option
def command(words: tuple[str, ...], reason: str, yes: bool, as_json: bool) -> None:
    """Send dead letters again as they were, and waiting deliveries now; each lane keeps its order.

    If a rule failed, the event is routed again with the current rules. A dead or cancelled look-up is made again.
    """
    settings, by = environment.load(), steering.me(reason)
    with opened() as database:
        # The active rules, not those being edited.
        rules = Rules(database, settings.mappings, pinned=True).current()
        steering.run(
            database,
            words,
            acts.retried,
            lambda ids: steer.retry(
                database,
                ids,
                rules,
                settings.environment,
                by,
                max_rendered=settings.max_rendered,
            ),
            what="retry",
            yes=yes,
            as_json=as_json,
        )
