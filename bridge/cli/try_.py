"""`bridge try PAYLOAD`."""

from pathlib import Path

import click

from bridge import mapping
from bridge import settings as environment
from bridge.cli.mappings import chosen, usable
from bridge.cli.text import printable
from bridge.services import trial


@click.command("try")
@click.argument("payload", type=click.Path(path_type=Path))
@click.option("--source", help="Who sent it; a .http file says so itself.")
@click.option("--rule", help="Only this rule.")
def command(payload: Path, source: str | None, rule: str | None) -> None:
    """Show, rule by rule, what becomes of a recorded payload and why, with each request as curl. Sends nothing."""
    settings = environment.load()
    folder = chosen(None)
    ruleset = usable(folder)
    events = trial.read_events(ruleset, payload, source)
    rules = {found.id for event in events for found in ruleset.rules_of(event.source)}
    if not rules or rule and rule not in rules:
        _nothing(rule, rules)
    for event in events:
        said = f"event {event.type} {event.event_id} from {event.source}"
        click.echo(printable(said))
        for tried in mapping.try_event(
            event, ruleset, environment=settings.environment
        ):
            if rule in (None, tried.rule.id):
                for line in trial.describe(tried, folder):
                    click.echo(f"  {printable(line)}".rstrip())


def _nothing(rule: str | None, rules: set[str]) -> None:
    known = f": known are {', '.join(sorted(rules))}" if rules else ""
    which = f"rule '{rule}'" if rule else "rule"
    click.echo(f"there is no {which} for this source{known}", err=True)
    raise SystemExit(5)
