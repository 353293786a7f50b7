"""Routing: what every rule says to a stored event, recorded together with the calls that follow.

Two workers may route the same event at once; the conditional update in events.routed lets one of them record it. A
payload that cannot be read again, or a rule that fails, becomes a visible dead letter and stops nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from bridge import log, metrics, providers
from bridge.errors import Refused
from bridge.mapping import Ruleset, Source, route
from bridge.model import Decision, Event, Said
from bridge.store import Database, deliveries, events
from bridge.store.events import StoredEvent

BATCH = 50  # events per transaction: bounds how long intake waits for the writer

_log = log.get("worker")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Routed:
    event: StoredEvent
    decisions: tuple[Decision, ...]


def route_waiting(database: Database, ruleset: Ruleset, environment: str) -> int:
    """Routes up to BATCH events of each source, oldest first; how many there were."""
    with database.read() as connection:
        waiting = events.waiting_sources(connection)
    sources = [ruleset.sources[name] for name in waiting if name in ruleset.sources]
    return sum(
        _route_source(database, ruleset, source, environment) for source in sources
    )


def read_again(source: Source, stored: StoredEvent) -> Event:
    """The event as it was received. Raises Refused when this release or configuration reads it no more."""
    found = providers.read(
        source.provider, source.name, providers.trust(stored.request)
    )
    event = next(event for event in found if event.item == stored.item)
    return replace(
        event,
        id=stored.id,
        event_id=stored.event_id,
        type=stored.type,
        occurred_at=stored.occurred_at,
        received_at=stored.received_at,
    )


def store_decisions(
    connection: Connection,
    event: int,
    ruleset: str,
    decisions: Sequence[Decision],
    now: datetime,
) -> None:
    """Adds the deliveries that decisions call for: one per rendered call, a dead letter per error."""
    for decision in decisions:
        for rendered in decision.rendered:
            deliveries.add(connection, event, ruleset, rendered, now)
        if decision.said is Said.ERROR:
            code = decision.diagnostic.code if decision.diagnostic else "error"
            deliveries.add_failed(
                connection, event, ruleset, decision.rule, code, decision.reason, now
            )


def _route_source(
    database: Database, ruleset: Ruleset, source: Source, environment: str
) -> int:
    with database.read() as connection:
        waiting = events.waiting(connection, source.name, BATCH)
    routed = [
        _Routed(event=stored, decisions=decide(ruleset, source, stored, environment))
        for stored in waiting
    ]
    database.write(lambda connection: _record(connection, ruleset, routed))
    for item in routed:
        _log.info(
            "event routed", event_id=item.event.id, source=source.name, **_counts(item)
        )
    return len(routed)


def decide(
    ruleset: Ruleset, source: Source, stored: StoredEvent, environment: str
) -> tuple[Decision, ...]:
    """What the rules say to a stored event; an event they cannot be asked about gets one decision that says why."""
    try:
        event = read_again(source, stored)
    except (Refused, StopIteration) as error:
        reason = f"the stored request can no longer be read as an event of {source.name}: {error}"
        return (
            Decision(rule="", said=Said.ERROR, reason=reason, place=str(source.place)),
        )
    if not event.live and environment == "production":
        reason = "a test-mode event, and BRIDGE_ENVIRONMENT is production"
        return (
            Decision(
                rule="", said=Said.SKIPPED, reason=reason, place=str(source.place)
            ),
        )
    return route(event, ruleset, environment=environment)


def _record(
    connection: Connection, ruleset: Ruleset, routed: Sequence[_Routed]
) -> None:
    now = datetime.now(UTC)
    for item in routed:
        id = item.event.id
        if events.routed(connection, id, ruleset.hash, item.decisions, now):
            store_decisions(connection, id, ruleset.hash, item.decisions, now)


def _counts(item: _Routed) -> dict[str, int]:
    counts: dict[str, int] = {}
    for decision in item.decisions:
        counts[decision.said.value] = counts.get(decision.said.value, 0) + 1
        metrics.DECISIONS.labels(item.event.source, decision.said.value).inc()
    return counts
