"""Claims deliveries: those that may be sent now, at most one per lane, and each tenant and source in turn."""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import Row, select

from bridge.model import Connection
from bridge.state import State
from bridge.store.database import prepared
from bridge.store.database.dialect import QUEUE, one_at_a_time
from bridge.store.database.transaction import Transaction
from bridge.store.queue import backlogs, budgets, coalescing, keys, lanes, leases
from bridge.store.queue.backlogs import FRONTS, PAUSES, Backlog
from bridge.store.queue.budgets import Budget, Running
from bridge.store.queue.leases import Claimed
from bridge.store.tables import connections, deliveries
from bridge.store.transition import transition

_LOOKS = 100  # deliveries of a backlog that one claim looks at: bounds how long everybody else waits

_STALE = "a newer update of this ticket by this rule was delivered before"

Field: TypeAlias = Sequence[tuple[Backlog, Budget]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a claim took; `moved` when it passed over something, so that there may be more at once."""

    items: tuple[Claimed, ...]
    moved: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """Whether a claim may find something now; else when time alone will change that (None: it will not)."""

    due: bool
    next_at: datetime | None = None


def look(
    tx: Transaction,
    now: datetime,
    off: Collection[str] = (),
    probes: Collection[str] = (),
) -> Outlook:
    """The outlook for a claim with these arguments: a read, so that an idle worker never takes the write lock."""
    later = []
    for backlog, budget in _see(tx).field(tx, now, off, probes):
        if backlog.due_at > now:
            later.append(backlog.due_at)
        elif budget.start(backlog.connection):
            return Outlook(due=True)
        elif opens_at := budget.opens_at(backlog.connection):
            later.append(opens_at)
    return Outlook(due=False, next_at=min(later, default=None))


def claim(
    tx: Transaction,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    off: Collection[str] = (),
    probes: Collection[str] = (),
    chance: Callable[[], float] = random.random,
) -> Claim:
    """Takes up to `limit` deliveries that may be sent now; marks those skipped that need not be sent any more.

    Rules in `off` hold what waits. Of the parked accounts in `probes` one call may try the credentials. `owner` must
    be new for each claim: a worker that lost a lease is not the owner of its own later one. `chance` is 0.0 up to 1.0.
    """
    seen = _see(tx, before=lambda: one_at_a_time(tx, QUEUE))
    field = seen.field(tx, now, off, probes)
    due = [(backlog, budget) for backlog, budget in field if backlog.due_at <= now]
    pick = _Pick(tx=tx, now=now)
    groups = _by_source(due, seen.running, chance)
    picked = _in_turns([[pick.of(*pair) for pair in group] for group in groups])
    starts = dict(islice(picked, limit))
    pick.settle()
    for budget in {budget.tenant: budget for _, budget in due}.values():
        budgets.save(tx, budget)
    items = leases.lease(tx, owner, starts, now, now + lease) if starts else ()
    return Claim(items=items, moved=bool(pick.behind or pick.skipped))


def parked(tx: Transaction) -> Mapping[str, Sequence[Connection]]:
    """The parked accounts for which something waits, each with its connections as their backlogs know them."""
    query = select(connections.c.name).where(connections.c.state == "parked")
    names = set(tx.execute(query).scalars())
    waiting = defaultdict(list)
    for one in backlogs.all_of(tx) if names else ():
        if one.connection.account in names:
            waiting[one.connection.account].append(one.connection)
    return waiting


@dataclass(kw_only=True, slots=True)
class _Pick:
    """What one claim finds on its way through the backlogs."""

    tx: Transaction
    now: datetime
    behind: dict[int, int] = field(default_factory=dict)  # id → what it waits for
    skipped: dict[int, tuple[str, str, str]] = field(default_factory=dict)

    def of(self, backlog: Backlog, budget: Budget) -> Iterator[tuple[int, datetime]]:
        """The deliveries of a backlog that may be sent, each with its time, while there is a budget for them."""
        connection = backlog.connection
        if budget.start(connection) is None:
            return
        for row in islice(backlogs.due(self.tx, backlog, self.now), _LOOKS):
            start = budget.start(connection)
            if start is None:
                return
            if self._may_go(row):
                budget.spend(connection, start)
                yield row.id, start

    def _may_go(self, row: Row[Any]) -> bool:
        if row.blocker is not None:
            self.behind[row.id] = row.blocker
            return False
        if _is_stale(row):
            self.skipped[row.id] = (row.lane, "stale", _STALE)
        elif row.coalesce:
            self._coalesce(row)
        return row.id not in self.skipped

    def _coalesce(self, row: Row[Any]) -> None:
        replaced = coalescing.superseded(self.tx, row.id, row.lane)
        for id, newer in replaced.items():
            reason = f"delivery {newer} sets every field of this one, and waits too"
            self.skipped[id] = (row.lane, "superseded", reason)

    def settle(self) -> None:
        """Writes down what was found."""
        waiting = {
            id: other for id, other in self.behind.items() if id not in self.skipped
        }
        lanes.put_behind(self.tx, waiting)
        for id, (_, code, reason) in self.skipped.items():
            self.tx.execute(
                transition(State.WAITING, to=State.SKIPPED)
                .where(deliveries.c.id == id)
                .values(finished_at=self.now, code=code, reason=reason)
            )
            keys.free(self.tx, id)
        lanes.advance(self.tx, {lane for lane, _, _ in self.skipped.values()})


def _is_stale(row: Row[Any]) -> bool:
    """Decided here and nowhere else: the lane's time is written as its delivery is finished, which blocks till then."""
    known = row.stale == "skip" and None not in (row.at, row.newest)
    return known and row.at < row.newest


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What claims and looks begin with, asked for at once."""

    fronts: list[Any]
    stopped: list[Any]
    running: Running
    known: list[Any]

    def field(
        self,
        tx: Transaction,
        now: datetime,
        off: Collection[str],
        probes: Collection[str],
    ) -> Field:
        """The backlogs that may go on, each with the budget of its tenant."""
        standing = backlogs.standing(tx, self.fronts, self.stopped, off)
        waiting = [backlog.connection for backlog in standing]
        known = budgets.budgets(self.known, waiting, self.running, now, probes)
        return [(backlog, known[backlog.connection.tenant]) for backlog in standing]


def _see(tx: Transaction, before: Callable[[], None] | None = None) -> _Seen:
    with prepared.pipelined(tx):
        if before:
            before()
        pending = [
            prepared.execute(tx, query)
            for query in (FRONTS, PAUSES, budgets.RUNNING, budgets.KNOWN)
        ]
    fronts, stopped, running, known = (answer.rows() for answer in pending)
    return _Seen(
        fronts=fronts,
        stopped=stopped,
        running=budgets.running(tx, running),
        known=known,
    )


def _by_source(
    field: Field, running: Running, chance: Callable[[], float]
) -> list[list[tuple[Backlog, Budget]]]:
    """The backlogs of each tenant and source, oldest first; those first of which least is being sent.

    Chance decides between equals: nobody needs to remember whose turn it was, on however many hosts.
    """
    groups = defaultdict(list)
    for backlog, budget in sorted(field, key=lambda pair: pair[0].due_at):
        groups[backlog.connection.tenant, backlog.source].append((backlog, budget))
    sending: Counter[tuple[str, str]] = Counter()
    for connection, source, count in running:
        sending[connection.tenant, source] += count
    order = sorted(groups, key=lambda pair: (sending[pair], chance()))
    return [groups[pair] for pair in order]


def _in_turns(
    groups: list[list[Iterator[tuple[int, datetime]]]],
) -> Iterator[tuple[int, datetime]]:
    """One of each group, then the next of each; within a group its iterators take turns as well."""
    left = [deque(group) for group in groups]
    while left:
        for group in list(left):
            delivery = None
            while group and delivery is None:
                delivery = next(group[0], None)
                if delivery is None:
                    group.popleft()
            if delivery is None:
                left.remove(group)
            else:
                group.rotate(-1)
                yield delivery
