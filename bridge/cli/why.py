"""`bridge why EVENT` and `bridge why --ticket TICKET`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from bridge import settings as environment
from bridge.cli import filters, ledger
from bridge.cli.screen import say_folded
from bridge.cli.store import event_named, json_option, limit_option, nothing, opened
from bridge.cli.text import at, count, json_line, plain, printable
from bridge.state import EventState, State
from bridge.store import Database, views

# Waiting deliveries that are explained.
_ASKED = 20
# As many deliveries as for_each may make of one event and one rule.
_MANY = 1_000


@click.command("why")
@click.argument("name", required=False, metavar="[EVENT]")
@click.option(
    "--ticket", help="Show every update of this ticket, however old (the ledger)."
)
@limit_option
@json_option
def command(name: str | None, ticket: str | None, limit: int, as_json: bool) -> None:
    """Show what every rule decided about an event, and its deliveries. EVENT is its number or its sender's id."""
    if (name is None) == (ticket is None):
        raise click.UsageError("name an event, or a ticket with --ticket")
    with opened() as database:
        if name is not None:
            _event(database, event_named(database, name).id, as_json=as_json)
            return
        with database.read() as tx:
            ledger.show(tx, str(ticket), limit, as_json=as_json)


def _event(database: Database, id: int, *, as_json: bool) -> None:
    folder = environment.load().mappings
    with database.read() as tx:
        event = views.event(tx, id)
        decisions = views.decisions_of(tx, id)
        where = filters.read((), "deliveries", event=id)
        deliveries = views.list_deliveries(tx, where, limit=_MANY)
    if event is None:
        nothing(f"there is no event {id}")
    if as_json:
        rows = {"decisions": _plain(decisions), "deliveries": _plain(deliveries[::-1])}
        click.echo(json_line({**_plain([event])[0], **rows}))
        return
    said = f"event {id}: {event['type']} from {event['source']}, {event['state']}"
    say_folded("", printable(said))
    occurred = f", occurred {printable(event['occurred_at'])}"
    said = f"received {printable(event['received_at'])}"
    say_folded("  ", f"{said}{occurred if event['occurred_at'] else ''}")
    if event["imported"]:
        said = f"not verified: imported {event['imported']}"
        say_folded("  ", printable(said))
    if event["state"] == EventState.STORED:
        say_folded("  ", "not routed yet: waiting for a worker")
    if event["state"] == EventState.FETCHING:
        say_folded("  ", "not routed yet: waiting for its look-up")
    for row in decisions:
        rule = row["rule"] or "every rule"
        place = f"  ({at(folder, row['place'])})" if row["place"] else ""
        text = printable(f"{rule}: {row['reason']}{place}")
        say_folded(f"  {row['said']:9} ", text, row["said"])
    stops = _stops(database, deliveries)
    for row in reversed(deliveries):
        kind = "look-up" if row["look_up"] else "delivery"
        text = printable(_delivery(row, stops.get(row["id"], "")))
        say_folded(f"  {kind} {row['id']} ", text, row["state"])


def _stops(
    database: Database, deliveries: Sequence[Mapping[str, Any]]
) -> Mapping[int, str]:
    """id → what it waits for, of the oldest waiting deliveries; each takes a query."""
    from bridge.services import outlook, rulesets

    waiting = [row["id"] for row in deliveries if row["state"] == State.WAITING][
        -_ASKED:
    ]
    if not waiting:
        return {}
    off = rulesets.off(database)
    return outlook.stops(database, waiting, off, datetime.now(UTC))


def _plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: plain(value) for key, value in row.items()} for row in rows]


def _delivery(row: Mapping[str, Any], stops: str) -> str:
    from bridge.services import outlook

    tried = f" after {count(row['attempts'], 'attempt')}" if row["attempts"] else ""
    if row["finished_at"]:
        tried += f" at {printable(row['finished_at'])}"
    reason = f": {row['reason']}" if row["reason"] else ""
    step = outlook.step(row) or stops
    said = f"to {row['connection']}, {row['state']}{tried}{reason}"
    return f"{said} → {step}" if step else said
