"""`bridge try PAYLOAD | EVENT`."""

from pathlib import Path
from typing import NoReturn

import click

from bridge import mapping
from bridge import settings as environment
from bridge.cli.mappings import chosen, usable
from bridge.cli.text import json_line, printable
from bridge.mapping import Ruleset, Trial
from bridge.model import Event
from bridge.services import trial_events
from bridge.services.trial import describe
from bridge.services.trial_json import event_object
from bridge.settings import Settings


@click.command("try")
@click.argument("payload", metavar="PAYLOAD|EVENT")
@click.option("--source", help="The source that sent it; a .http file names it itself.")
@click.option("--rule", help="Only this rule.")
@click.option(
    "--fetched",
    type=click.Path(path_type=Path),
    help="A JSON file with the answer of the source's look-up.",
)
@click.option(
    "--fetched-header", multiple=True, help="A header of that answer, as `Name: value`."
)
@click.option("--json", "as_json", is_flag=True, help="JSON, one object per event.")
def command(
    payload: str,
    source: str | None,
    rule: str | None,
    fetched: Path | None,
    fetched_header: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Show, rule by rule, what would happen to an event and why, with each request as curl. Sends nothing.

    PAYLOAD is a recorded payload; EVENT is the number or id of an event in the store.
    """
    settings = environment.load()
    folder = chosen(None)
    ruleset = usable(folder)
    events = _events(ruleset, payload, source, settings)
    if fetched:
        events = trial_events.with_answer(events, fetched, fetched_header)
    _check_rule(rule, ruleset, events)
    for event in events:
        trials = [
            tried
            for tried in mapping.try_event(
                event,
                ruleset,
                environment=settings.environment,
                max_rendered=settings.max_rendered,
            )
            if rule in (None, tried.rule.id)
        ]
        if reason := mapping.passed_over(event, settings.environment):
            click.echo(f"the worker would not run any rule: {reason}", err=True)
        first = _looked_up(event, ruleset, settings.environment)
        if as_json:
            shown = event_object(event, trials, folder, reason, first)
            click.echo(json_line(shown))
        else:
            _show(event, [*([first] if first else []), *trials], folder)


def _looked_up(event: Event, ruleset: Ruleset, environment: str) -> Trial | None:
    """The look-up of an event. It is not made here: the answer comes from --fetched or the store."""
    trial = mapping.look_up(event, ruleset, environment=environment)
    if trial and trial.decision.rendered and event.fetched is None:
        said = (
            "the worker would make a look-up first: pass its answer with --fetched FILE"
        )
        click.echo(said, err=True)
    return trial


def _events(
    ruleset: Ruleset, name: str, source: str | None, settings: Settings
) -> tuple[Event, ...]:
    """The events of the file with this name, or the event of the store."""
    if trial_events.is_recording(name):
        return trial_events.read_events(ruleset, Path(name), source)
    # Imported here, because a recorded payload needs no store.
    from bridge.cli.store import opened
    from bridge.services.stored import named, seen
    from bridge.store import is_there

    stored = None
    if is_there(settings.database_url):
        with opened() as database:
            stored = named(database, name, source)
    if stored is None:
        hint = trial_events.near(Path(name))
        _nothing(f"there is no file and no event {printable(name)}{hint}")
    return (seen(ruleset, stored, settings.environment),)


def _check_rule(rule: str | None, ruleset: Ruleset, events: tuple[Event, ...]) -> None:
    rules = {found.id for event in events for found in ruleset.rules_of(event.source)}
    if not rules or rule and rule not in rules:
        known = f": its rules are {', '.join(sorted(rules))}" if rules else ""
        which = f"rule '{rule}'" if rule else "rule"
        _nothing(f"this source has no {which}{known}")


def _nothing(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(5)


def _show(event: Event, trials: list[Trial], folder: Path) -> None:
    number = f" (number {event.id})" if event.id else ""
    said = f"event {event.type} {event.event_id} from {event.source}{number}"
    click.echo(printable(said))
    for tried in trials:
        for line in describe(tried, folder):
            click.echo(f"  {printable(line)}".rstrip())
