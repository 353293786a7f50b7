"""`bridge why EVENT` and `bridge why --ticket TICKET`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bridge import settings as environment
from bridge.cli import ledger
from bridge.cli.screen import say_folded
from bridge.cli.store import event_named, json_option, limit_option, nothing, opened
from bridge.cli.text import count, json_line, plain, printable
from bridge.state import EventState
from bridge.store import Database

if TYPE_CHECKING:
    from bridge.services.trace_values import Line, Trace


@click.command("why")
@click.argument("name", required=False, metavar="[EVENT]")
@click.option(
    "--ticket", help="Show every update of this ticket, however old (the ledger)."
)
@click.option(
    "--now",
    "instead",
    is_flag=True,
    help="Also what the current rules would say, where that differs.",
)
@click.option(
    "--share",
    is_flag=True,
    help="Markdown to share: e-mail addresses, telephone numbers and credentials are hidden.",
)
@limit_option
@json_option
def command(
    name: str | None,
    ticket: str | None,
    limit: int,
    *,
    instead: bool,
    share: bool,
    as_json: bool,
) -> None:
    """Show what every rule decided about an event, and its deliveries. EVENT is its number or its sender's id."""
    if (name is None) == (ticket is None):
        raise click.UsageError("name an event, or a ticket with --ticket")
    if name is None and (instead or share):
        raise click.UsageError("--now and --share need an event")
    with opened() as database:
        if name is None:
            ledger.show(database, str(ticket), limit, as_json=as_json)
            return
        found = _traced(database, event_named(database, name).id, masked=share)
        if share:
            from bridge.services.trace_json import markdown

            click.echo(markdown(found), nl=False)
        elif as_json:
            click.echo(json_line(_object(database, found)))
        else:
            _show(found, instead=instead)


def _traced(database: Database, id: int, *, masked: bool) -> "Trace":
    from bridge.services.rulesets import last_good
    from bridge.services.trace import trace

    settings, now = environment.load(), datetime.now(UTC)
    found = trace(
        database,
        id,
        active=last_good(database),
        settings=settings,
        now=now,
        revealed=not masked,
    )
    return found or nothing(f"there is no event {id}")


def _object(database: Database, found: "Trace") -> dict[str, Any]:
    """The keys of the event beside those of its trace."""
    from bridge.services.trace_json import trace_object
    from bridge.store import views

    with database.read() as tx:
        decisions = views.decisions_of(tx, found.event["id"])
    said = [{key: plain(row[key]) for key in row} for row in decisions]
    made = trace_object(found)
    return {**made.pop("event"), "decisions": said, **made}


def _show(found: "Trace", *, instead: bool) -> None:
    event = found.event
    said = (
        f"event {event['id']}: {event['type']} from {event['source']}, {event['state']}"
    )
    say_folded("", printable(said))
    occurred = f", occurred {printable(event['occurred_at'])}"
    said = f"received {printable(event['received_at'])}"
    say_folded("  ", f"{said}{occurred if event['occurred_at'] else ''}")
    if event["imported"]:
        said = f"not verified: imported {event['imported']}"
        say_folded("  ", printable(said))
    if event["state"] != EventState.ROUTED:
        say_folded("  ", found.summary)
    for line in found.then:
        _say_line(line)
    if instead:
        _show_now(found)
    for row in found.deliveries:
        kind = "look-up" if row["look_up"] else "delivery"
        text = printable(_delivery(row))
        say_folded(f"  {kind} {row['id']} ", text, row["state"])


def _show_now(found: "Trace") -> None:
    if not found.now:
        say_folded("  ", "the current rules cannot be asked about it")
    elif not found.changed:
        say_folded("  ", "the current rules would say the same")
    else:
        say_folded("  ", "the current rules would say instead:")
        for line in found.now:
            if line.differs:
                _say_line(line)
                _say_values(line)


def _say_line(line: "Line") -> None:
    rule = line.rule or "every rule"
    place = f"  ({line.place})" if line.place else ""
    text = printable(f"{rule}: {line.reason}{place}")
    say_folded(f"  {line.said:9} ", text, line.said)


def _say_values(line: "Line") -> None:
    from bridge.services.trial import typed

    for field in line.fields:
        written = " ".join(field.template.split())
        text = f"{field.key} {written} → {typed(field.value)}"
        say_folded("            ", printable(text))


def _delivery(row: Mapping[str, Any]) -> str:
    tried = f" after {count(row['attempts'], 'attempt')}" if row["attempts"] else ""
    if row["finished_at"]:
        tried += f" at {printable(row['finished_at'])}"
    reason = f": {row['reason']}" if row["reason"] else ""
    said = f"to {row['connection']}, {row['state']}{tried}{reason}"
    return f"{said}{_joined(_more(row))}"


def _more(row: Mapping[str, Any]) -> Iterator[str]:
    """What comes next, and which other deliveries it has to do with."""
    if row["next"]:
        yield row["next"]
    if row["replay_of"]:
        because = f": {row['because']}" if row["because"] else ""
        yield f"replay of delivery {row['replay_of']} by {row['person']}{because}"
    if row["key_used_by"]:
        yield f"delivery {row['key_used_by']} used its idempotency key"


def _joined(parts: Iterable[str]) -> str:
    return "".join(f" → {part}" for part in parts)
