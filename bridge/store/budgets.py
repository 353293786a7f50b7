"""What a connection may send now, shared by all workers through the store: concurrency, rate, breaker, parking.

Concurrency is the number of its deliveries that are being sent. Rate is the time in its row from which the next call
may start; a vendor that asks to be left alone moves the same time on. Claims come one at a time, and so does what
attempts teach (connections.py), so nobody moves it back.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection as Database
from sqlalchemy import func, select, text, update

from bridge.model import Connection
from bridge.store.dialect import upsert
from bridge.store.tables import SENDING, connections, deliveries

CONCURRENCY = 4  # calls at once where a connection says nothing
# A claim hands out calls that a rate allows so soon, and their worker waits: at 100 a second, one claim for several.
AHEAD = timedelta(milliseconds=100)
# How long an open breaker waits for its probe to be finished before it lets out another: longer than call and lease.
PROBING = timedelta(seconds=60)

_pair = (deliveries.c.connection, deliveries.c.source)
RUNNING = (
    select(*_pair, func.count().label("count")).where(text(SENDING)).group_by(*_pair)
)
KNOWN = select(connections)

Running = Mapping[tuple[str, str], int]  # (connection, source) → being sent now


@dataclass(kw_only=True, slots=True)
class Budget:
    """What one connection has left in one claim. `room` is None where its spec alone bounds it."""

    name: str
    now: datetime
    running: int  # being sent now, by all workers
    room: int | None = None  # at most so many more: probes, or nothing at all
    next_at: datetime | None = None  # its rate, or its vendor, allows no call before
    paced: bool = False  # that was moved on by its rate
    breaks: bool = False  # its breaker is open: what is sent is a probe
    probe_at: datetime | None = None
    used: bool = False

    def start(self, connection: Connection) -> datetime | None:
        """When one more call may start; None when none may. It is not used up by asking."""
        if self.room == 0 or self.running >= _concurrency(connection):
            return None
        if self.next_at is None or self.next_at < self.now:
            return self.now
        return self.next_at if self.next_at <= self.now + AHEAD else None

    def spend(self, connection: Connection, start: datetime) -> None:
        """Counts a call that will start then."""
        self.used = True
        self.running += 1
        self.room = None if self.room is None else self.room - 1
        rate = _rate(connection)
        if rate is not None:
            self.next_at = start + timedelta(seconds=1 / rate)
            self.paced = True

    def opens_at(self, connection: Connection) -> datetime | None:
        """When time alone makes room; None when something else has to happen first."""
        if self.breaks and self.probe_at is not None:
            return max(self.probe_at, self.next_at or self.probe_at)
        if self.room == 0 or self.running >= _concurrency(connection):
            return None
        return None if self.next_at is None else self.next_at - AHEAD


def running(rows: Iterable[Any]) -> Running:
    """What all workers are sending now, by the rows of RUNNING."""
    return {(name, source): count for name, source, count in rows}


def budgets(
    known: Iterable[Any],
    names: Collection[str],
    sending: Running,
    now: datetime,
    probes: Collection[str],
) -> dict[str, Budget]:
    """The budgets of these connections, by the rows of KNOWN.

    The parked ones in `probes` may send one call, to try their credentials.
    """
    counts = {name: 0 for name in names}
    for (name, _), count in sending.items():
        if name in counts:
            counts[name] += count
    found = {name: Budget(name=name, now=now, running=n) for name, n in counts.items()}
    for row in known:
        if row.name not in found:
            continue
        budget = found[row.name]
        budget.next_at = row.next_at
        budget.room = _room(row, budget.running, now, row.name in probes)
        budget.breaks = row.state != "parked" and row.broken_at is not None
        budget.probe_at = row.probe_at
    return found


def _room(row: Any, running: int, now: datetime, tries: bool) -> int | None:
    if row.state == "parked":
        return 1 if tries and running == 0 else 0
    if row.broken_at is not None:
        return 1 if row.probe_at <= now else 0
    return None


def save(database: Database, budget: Budget) -> None:
    """Moves the connection's row on by what a claim handed out."""
    if not budget.used:
        return
    if budget.breaks:
        database.execute(
            update(connections)
            .where(connections.c.name == budget.name)
            .values(probe_at=budget.now + PROBING)
        )
    if budget.paced:
        statement = upsert(database, connections)
        statement = statement.on_conflict_do_update(
            index_elements=["name"], set_={"next_at": statement.excluded.next_at}
        )
        row = {"name": budget.name, "state": "open", "reason": "", "since": budget.now}
        database.execute(statement, {**row, "next_at": budget.next_at})


def _rate(connection: Connection) -> float | None:
    rate = connection.options.get("rate")
    return None if rate is None else float(str(rate))


def _concurrency(connection: Connection) -> int:
    return int(str(connection.options.get("concurrency", CONCURRENCY)))
