"""`bridge release ID…|FILTER…`."""

import click

from bridge.cli import steering
from bridge.cli.filters import Filtered
from bridge.cli.store import json_option, opened
from bridge.services import steer


@click.command("release", cls=Filtered)
@steering.words_argument
@steering.reason_option
@steering.yes_option
@json_option
def command(words: tuple[str, ...], reason: str, yes: bool, as_json: bool) -> None:
    """Let held deliveries go."""
    by = steering.me(reason)
    with opened() as database:
        steering.run(
            database,
            words,
            steer.RELEASE.states,
            lambda ids: steer.release(database, ids, by),
            what="release",
            yes=yes,
            as_json=as_json,
        )
