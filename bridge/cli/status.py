"""`bridge status`."""

from datetime import UTC, datetime

import click

from bridge import settings as environment
from bridge.cli.screen import say, say_folded, strong
from bridge.cli.store import json_option, opened
from bridge.cli.text import count, json_line, printable
from bridge.services import home
from bridge.services.home import Home
from bridge.services.parts import Parts
from bridge.services.rulesets import Rules


@click.command("status")
@json_option
def command(as_json: bool) -> None:
    """Show whether anyone needs to act: incidents, what waits, connections and silent sources.

    Exit code 1 if something needs a person.
    """
    settings = environment.load()
    with opened() as database:
        rules = Rules(database, settings.mappings, pinned=True)
        parts = Parts(settings=settings, database=database, rules=rules)
        found = home.look(parts, datetime.now(UTC))
    if as_json:
        click.echo(json_line(home.written(found)))
    else:
        _show(found)
    if not found.calm:
        raise SystemExit(1)


def _show(found: Home) -> None:
    say(strong(found.verdict))
    for one in found.incidents:
        since = f", since {printable(one.since)}" if one.since else ""
        seen = f" (seen by {printable(one.seen_by)})" if one.seen_by else ""
        say_folded("  ", printable(f"{one.title}{since}{seen}"))
        say_folded("    ", printable(f"{one.detail}: {one.step}"))
    for row in found.waiting:
        said = f"delivery {row.id} has waited since {printable(row.since)} and {row.outlook}"
        say_folded("  ", printable(said))
    for stop in found.paused:
        said = f"{stop.what} was paused by {stop.by} at {printable(stop.since)}: `{stop.resume}`"
        say_folded("  ", printable(said))
    day = found.hours
    received = count(sum(hour.received for hour in day), "event")
    delivered = sum(hour.delivered for hour in day)
    say_folded("  ", f"last 24 h: {received} received, {delivered} updates delivered")
