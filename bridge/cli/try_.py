"""`bridge try PAYLOAD`."""

from pathlib import Path

import click

from bridge import mapping
from bridge import settings as environment
from bridge.services import trial


@click.command("try")
@click.argument("payload", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", help="Who sent it; a .http file says so itself.")
@click.option("--rule", help="Only this rule.")
def command(payload: Path, source: str | None, rule: str | None) -> None:
    """Show, rule by rule, what becomes of a recorded payload and why, with each request as curl. Sends nothing."""
    settings = environment.load()
    ruleset = mapping.load(settings.mappings).usable()
    found = False
    for event in trial.read_events(ruleset, payload, source):
        click.echo(f"event {event.type} {event.event_id} from {event.source}")
        for tried in mapping.try_event(
            event, ruleset, environment=settings.environment
        ):
            if rule in (None, tried.rule.id):
                found = True
                for line in trial.describe(tried, ruleset):
                    click.echo(f"  {line}")
    if not found:
        click.echo(f"no rule {rule or 'for this source'}", err=True)
        raise SystemExit(5)
