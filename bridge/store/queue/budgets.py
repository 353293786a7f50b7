"""Budgets: how much each tenant may be sent now (concurrency, rate, breaker), counted in the store for all workers.

Concurrency is the number of its deliveries that are being sent. Rate is the time in its row from which the next call
may start; a vendor that asks to be left alone moves the same time on. Claims come one at a time, and so does what
attempts teach (connections.py), so nobody moves it back. All connections of one tenant share them, since the vendor
counts them together: where they say different limits, the smallest counts. Parking is for one account alone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from bridge.model import Connection
from bridge.store import specs
from bridge.store.database.dialect import upsert
from bridge.store.database.transaction import Transaction
from bridge.store.tables import SENDING, connections, deliveries

CONCURRENCY = 4  # calls at once where a connection says nothing
# A claim hands out calls that a rate allows so soon, and their worker waits: at 100 a second, one claim for several.
AHEAD = timedelta(milliseconds=100)
# How long an open breaker waits for its probe to be finished before it lets out another: longer than call and lease.
PROBING = timedelta(seconds=60)

_pair = (deliveries.c.spec, deliveries.c.source)
RUNNING = (
    select(*_pair, func.count().label("count")).where(text(SENDING)).group_by(*_pair)
)
KNOWN = select(connections)

Running = Sequence[tuple[Connection, str, int]]  # by which, of which source, how many


@dataclass(kw_only=True, slots=True)
class Budget:
    """What one tenant has left in one claim. `room` is None where concurrency and rate alone bound it."""

    tenant: str
    label: str  # a connection of it
    now: datetime
    concurrency: int | None = None  # None: no connection of it says one
    rate: float | None = None  # calls per second
    running: int = 0  # being sent now, by all workers
    room: int | None = None  # at most so many more: a probe, or nothing at all
    # Account → how many calls may try its credentials. One that is not here is not parked.
    parked: dict[str, int] = field(default_factory=dict)
    next_at: datetime | None = None  # its rate, or its vendor, allows no call before
    paced: bool = False  # that was moved on by its rate
    breaks: bool = False  # its breaker is open: what is sent is a probe
    probe_at: datetime | None = None
    used: bool = False

    def narrow(self, connection: Connection) -> None:
        """Takes the limits of one more of its connections: the smallest that is written counts."""
        if rate := _limit(connection, "rate"):
            self.rate = min(rate, self.rate or rate)
        if limit := int(_limit(connection, "concurrency") or 0):
            self.concurrency = min(limit, self.concurrency or limit)

    def start(self, connection: Connection) -> datetime | None:
        """When one more call may start; None when none may. It is not used up by asking."""
        if self._full(connection):
            return None
        if self.next_at is None or self.next_at < self.now:
            return self.now
        return self.next_at if self.next_at <= self.now + AHEAD else None

    def spend(self, connection: Connection, start: datetime) -> None:
        """Counts a call that will start then."""
        self.used = True
        self.running += 1
        self.room = None if self.room is None else self.room - 1
        if connection.account in self.parked:
            self.parked[connection.account] -= 1
        if self.rate is not None:
            self.next_at = start + timedelta(seconds=1 / self.rate)
            self.paced = True

    def opens_at(self, connection: Connection) -> datetime | None:
        """When time alone makes room; None when something else has to happen first."""
        if self.parked.get(connection.account) == 0:
            return None
        if self.breaks and self.probe_at is not None:
            return max(self.probe_at, self.next_at or self.probe_at)
        if self._full(connection):
            return None
        return None if self.next_at is None else self.next_at - AHEAD

    def _full(self, connection: Connection) -> bool:
        parked = self.parked.get(connection.account) == 0
        limit = self.concurrency or CONCURRENCY
        return parked or self.room == 0 or self.running >= limit


def running(tx: Transaction, rows: Iterable[Any]) -> Running:
    """What all workers are sending now, by the rows of RUNNING."""
    return [
        (specs.load(tx, row.spec), row.source, row.count) for row in rows if row.spec
    ]


def budgets(
    known: Iterable[Any],
    waiting: Iterable[Connection],
    sending: Running,
    now: datetime,
    probes: Collection[str],
) -> dict[str, Budget]:
    """The budgets of the tenants of these connections, by the rows of KNOWN.

    Of the parked accounts in `probes` one call may try the credentials.
    """
    of_tenant: dict[str, Budget] = {}
    accounts: dict[str, str] = {}  # → tenant
    for connection in waiting:
        if connection.tenant not in of_tenant:
            of_tenant[connection.tenant] = Budget(
                tenant=connection.tenant, label=connection.name, now=now
            )
        of_tenant[connection.tenant].narrow(connection)
        accounts[connection.account] = connection.tenant
    busy = {connection.account for connection, _, _ in sending}
    for connection, _, count in sending:
        if connection.tenant in of_tenant:
            of_tenant[connection.tenant].running += count
    for row in known:
        if row.state == "parked" and row.name in accounts:
            tries = row.name in probes and row.name not in busy
            of_tenant[accounts[row.name]].parked[row.name] = int(tries)
        if row.name in of_tenant:
            _recall(of_tenant[row.name], row, now)
    return of_tenant


def _recall(budget: Budget, row: Any, now: datetime) -> None:
    budget.next_at = row.next_at
    if row.broken_at is not None:
        budget.room = 1 if row.probe_at <= now else 0
    budget.breaks = row.broken_at is not None
    budget.probe_at = row.probe_at


def save(tx: Transaction, budget: Budget) -> None:
    """Moves the tenant's row on by what a claim handed out."""
    if not budget.used:
        return
    if budget.breaks:
        tx.execute(
            update(connections)
            .where(connections.c.name == budget.tenant)
            .values(probe_at=budget.now + PROBING)
        )
    if budget.paced:
        statement = upsert(tx, connections)
        statement = statement.on_conflict_do_update(
            index_elements=["name"], set_={"next_at": statement.excluded.next_at}
        )
        row: dict[str, Any] = {"name": budget.tenant, "label": budget.label}
        row |= {
            "state": "open",
            "reason": "",
            "since": budget.now,
            "next_at": budget.next_at,
        }
        tx.execute(statement, row)


def _limit(connection: Connection, option: str) -> float | None:
    """What a connection says; None where it says nothing, or nothing that can be counted with."""
    try:
        return float(str(connection.options[option]))
    except (KeyError, ValueError):
        return None
