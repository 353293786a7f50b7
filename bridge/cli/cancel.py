"""`bridge cancel ID…|FILTER…`."""

import click

from bridge.cli import steering
from bridge.cli.filters import Filtered
from bridge.cli.store import json_option, opened
from bridge.services import steer


@click.command("cancel", cls=Filtered)
@steering.words_argument
@steering.reason_option
@steering.yes_option
@json_option
def command(words: tuple[str, ...], reason: str, yes: bool, as_json: bool) -> None:
    """Drop deliveries that wait, are held or dead; their lanes go on."""
    by = steering.me(reason)
    with opened() as database:
        steering.run(
            database,
            words,
            steer.CANCEL.states,
            lambda ids: steer.cancel(database, ids, by),
            what="cancel",
            yes=yes,
            as_json=as_json,
        )
