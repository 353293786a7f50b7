"""Does anyone need to act? Everything that answers this in one look: for Home, `bridge status` and the API.

Each number comes from a bounded range or a partial index, so it costs the same at a million events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.mapping.findings import concise
from bridge.services import causes, connections, incidents, pausing, sources
from bridge.services.causes import Cause, Causes
from bridge.services.connections import Seen as Connection
from bridge.services.incidents import Incident
from bridge.services.outlook import outlook
from bridge.services.parts import Parts
from bridge.services.pausing import Stopped
from bridge.services.sources import Seen as Source
from bridge.state import State
from bridge.store import (
    Database,
    Transaction,
    acknowledged,
    audit,
)
from bridge.store import causes as stored_causes
from bridge.store import figures, measures, views
from bridge.store.audit import By

HOURS = 24
# Causes on the page.
TOP = 5
# The oldest waiting deliveries that are explained.
_OLDEST = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Hour:
    """What happened in one hour; `failed` is what became a dead letter and still is one."""

    start: datetime
    received: int
    delivered: int
    failed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A delivery that waits longest for its connection, with what comes next."""

    id: int
    connection: str
    ticket: str
    since: datetime
    outlook: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """The state of the bridge."""

    at: datetime
    # One sentence, and whether nobody needs to act.
    verdict: str
    calm: bool
    # No event was ever received.
    empty: bool
    incidents: Sequence[Incident]
    hours: Sequence[Hour]
    waiting: Sequence[Waiting]
    unrouted: int
    dead: Causes
    held: Causes
    connections: Sequence[Connection]
    sources: Sequence[Source]
    paused: Sequence[Stopped]
    ruleset: str
    ruleset_since: datetime | None
    # file:line: message of each error in the mapping folder.
    findings: Sequence[str]

    @property
    def top(self) -> Sequence[Cause]:
        """The largest causes of dead letters."""
        return self.dead.causes[:TOP]


def look(parts: Parts, now: datetime) -> Home:
    """The state of now. Raises StoreUnavailable."""
    database, rules = parts.database, parts.rules.active
    dead = causes.listed(database, State.DEAD, now)
    held = causes.listed(database, State.HELD, now)
    seen_connections = connections.listed(database, rules.ruleset, now)
    seen_sources = sources.listed(database, rules.ruleset, parts.settings, now)
    with database.read() as tx:
        newest = figures.newest_event(tx)
        hours = _hours(tx, now)
        unrouted = views.count_unrouted(tx)
        since = measures.ruleset_since(tx)
        seen = acknowledged.listed(tx)
    needs = incidents.gathered(
        dead=dead.causes,
        held=held.causes,
        connections=seen_connections,
        sources=seen_sources,
        findings=rules.errors,
        seen=seen,
    )
    return Home(
        at=now,
        verdict=_verdict(len(needs), newest, now),
        calm=not needs,
        empty=newest is None,
        incidents=needs,
        hours=hours,
        waiting=_waiting(database, now),
        unrouted=unrouted,
        dead=dead,
        held=held,
        connections=seen_connections,
        sources=seen_sources,
        paused=[one for one in pausing.listed(database) if one.kind == "paused"],
        ruleset=rules.ruleset.hash,
        ruleset_since=since,
        findings=[concise(error) for error in rules.errors],
    )


def acknowledge(database: Database, incident: str, by: By, now: datetime) -> None:
    """Says that somebody has seen an incident. It still counts."""

    def job(tx: Transaction) -> None:
        acknowledged.add(tx, incident, by, now)
        audit.record(tx, by, "acknowledge", {"incident": incident}, now)

    database.write(job)


def as_row(home: Home) -> dict[str, Any]:
    """The state as every face shows it in JSON."""
    row: dict[str, Any] = {
        name: getattr(home, name)
        for name in ("at", "verdict", "calm", "unrouted", "ruleset", "ruleset_since")
    }
    return {
        **row,
        "incidents": [asdict(one) for one in home.incidents],
        "hours": [asdict(one) for one in home.hours],
        "waiting": [asdict(one) for one in home.waiting],
        "dead": home.dead.total,
        "held": home.held.total,
        "connections": [connections.as_row(one) for one in home.connections],
        "sources": [sources.as_row(one) for one in home.sources],
        "paused": [_stopped(one) for one in home.paused],
        "findings": [*home.findings],
    }


def written(home: Home) -> Any:
    """The same with times as text."""
    return plain(as_row(home))


def plain(value: Any) -> Any:
    """A value with its times as RFC 3339."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [*map(plain, value)] if isinstance(value, list | tuple) else value


def _stopped(one: Stopped) -> Mapping[str, object]:
    names = ("what", "kind", "since", "by", "reason", "resume")
    return {name: getattr(one, name) for name in names}


def _verdict(needs: int, newest: datetime | None, now: datetime) -> str:
    if needs:
        return f"{needs} thing{' needs' if needs == 1 else 's need'} you"
    if newest is None:
        return "all well; no event was received yet"
    return f"all well; last event {_span(now - newest)} ago"


def _span(length: timedelta) -> str:
    seconds = max(int(length.total_seconds()), 0)
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _hours(tx: Transaction, now: datetime) -> list[Hour]:
    """The last 24 hours, the running one included."""
    hour = timedelta(hours=1)
    this = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    first = this - (HOURS - 1) * hour
    received = figures.received(tx, first, hour, HOURS)
    delivered = figures.delivered(tx, first, hour, HOURS)
    failed = [0] * HOURS
    dead = stored_causes.per_bucket(tx, State.DEAD, first, hour)
    for (_, bucket), count in dead.items():
        if bucket < HOURS:
            failed[bucket] += count
    return [
        Hour(
            start=first + n * hour,
            received=received[n],
            delivered=delivered[n],
            failed=failed[n],
        )
        for n in range(HOURS)
    ]


def _waiting(database: Database, now: datetime) -> list[Waiting]:
    """The oldest waiting delivery of the connections where one waits longest."""
    with database.read() as tx:
        oldest = measures.oldest_waiting_ids(tx, _OLDEST)
        rows = [row for id in oldest if (row := views.delivery(tx, id))]
    return [
        Waiting(
            id=row["id"],
            connection=row["connection"],
            ticket=row["ticket"],
            since=row["created_at"],
            outlook=outlook(database, row, now),
        )
        for row in rows
    ]
