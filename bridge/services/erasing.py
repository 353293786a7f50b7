"""Erases a person's content: finds it by ticket, events or filter, says what would go and what stays, then does it.

A request is erased as a whole, with all events that it held. What may still be sent is never touched: its requests are
named instead, with what to do first. LEFT says what no erasing here reaches.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from bridge.errors import InputRefused
from bridge.greenlets import off_the_loop
from bridge.model import Json
from bridge.services import choosing, filters
from bridge.state import EventState, State
from bridge.store import Database, Transaction, audit, keeping
from bridge.store.audit import By
from bridge.store.database import overwriting
from bridge.store.filtering import Condition, Filter

LEFT = (
    "names that keep things from being done twice: the sender's event ids, tickets, idempotency keys",
    "what people typed: reasons and filters in the audit trail, in pauses and in bulk acts",
    "why a connection is parked, until it is resumed; answers of the API, for a day; a backtest that is running",
    "backups, recordings, and what was copied or exported before",
    "free space of the database and its logs, until it is used again: see docs/keeping.md",
    "the sender, the ticket systems, and the logs of others",
)
_WAIT: Mapping[str, str] = {
    EventState.STORED: "event {event} waits for the rules",
    EventState.FETCHING: "event {event} waits for its look-up",
    State.SENDING: "delivery {delivery} of event {event} is being sent: try again later",
}
_CANCEL = (
    "delivery {delivery} of event {event} is {state}: `bridge cancel {delivery}` first"
)
# Requests in one transaction.
_BATCH = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Blocked:
    """What keeps a request from being erased, and what to do first."""

    event: int
    delivery: int | None
    state: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What would be erased, or was.

    `besides` are those of the events that were not asked for, but came in the same requests. `ledger` counts the
    updates of the ticket whose values go, if a ticket was named.
    """

    events: Sequence[int]
    besides: Sequence[int]
    requests: Sequence[int]
    ticket: str | None
    ledger: int
    blocked: Sequence[Blocked]
    done: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing was found at all."""
        return not (self.events or self.ledger or self.blocked)

    def as_mapping(self) -> Mapping[str, Any]:
        """For faces that show all of it."""
        shown = asdict(self)
        del shown["requests"]
        return {**shown, "left": [*LEFT]}


def read(text: str, now: datetime) -> Filter:
    """A filter of events; unlike elsewhere, content is looked for however old it is. Raises BadFilter."""
    where = filters.parse(text, "events", now, act=True)
    return where[:-1] if filters.window(where, now) else where


def plan_ids(database: Database, ids: Sequence[int]) -> Plan:
    """What erasing these events would come to."""
    return off_the_loop(lambda: _plan(database, ids))


def plan_filter(database: Database, where: Filter) -> Plan:
    """What erasing the events of a filter would come to."""
    return off_the_loop(lambda: _plan(database, _found(database, where)))


def plan_ticket(database: Database, ticket: str) -> Plan:
    """What erasing a ticket would come to: the events that led to an update of it, and the ledger's values."""
    where = [Condition(key="ticket", value=ticket)]

    def plan() -> Plan:
        found = _plan(database, _found(database, where))
        with database.read() as tx:
            ledger = keeping.count_ledger(tx, ticket)
        return replace(found, ticket=ticket, ledger=ledger)

    return off_the_loop(plan)


def erase(database: Database, plan: Plan, by: By, now: datetime) -> Plan:
    """Does it, in small steps, each with its row in the audit trail. What a person did meanwhile is left and named."""
    if not by.reason.strip():
        raise InputRefused("erasing needs a reason, for the audit trail")
    ids: list[int] = []
    for requests in _chunks(plan.requests):
        ids += database.write(lambda tx: _erase(tx, requests, by, now))
    ledger = 0
    if plan.ticket is not None:
        ledger = database.write(lambda tx: _erase_ledger(tx, plan, by, now))
    with database.read() as tx:
        blocked = [row for part in _chunks(plan.requests) for row in _blocked(tx, part)]
    erased = {*ids}
    return replace(
        plan,
        events=[*sorted(erased)],
        besides=[id for id in plan.besides if id in erased],
        ledger=ledger,
        blocked=[*plan.blocked, *blocked],
        done=True,
    )


def _erase(
    tx: Transaction, requests: Sequence[int], by: By, now: datetime
) -> list[int]:
    with overwriting(tx):
        ids = keeping.erase(tx, requests, now)
        keeping.erase_quotes(tx, ids)
    if ids:
        subject: Json = {"events": [*ids]}
        audit.record(tx, by, "erase", subject, now)
    return ids


def _erase_ledger(tx: Transaction, plan: Plan, by: By, now: datetime) -> int:
    """Also what the steps before this one left, which count as its own."""
    assert plan.ticket is not None
    with overwriting(tx):
        keeping.erase_ledger(tx, plan.ticket)
    subject: Json = {"ticket": plan.ticket, "ledger": plan.ledger}
    audit.record(tx, by, "erase", subject, now)
    return plan.ledger


def _plan(database: Database, ids: Sequence[int]) -> Plan:
    requests: set[int] = set()
    blocked: list[Blocked] = []
    for part in _chunks(ids):
        with database.read() as tx:
            requests |= {*keeping.requests_of(tx, part)}
    kept: set[int] = set()
    found: list[int] = []
    for part in _chunks(sorted(requests)):
        with database.read() as tx:
            here = _blocked(tx, part)
            kept |= {*keeping.requests_of(tx, [one.event for one in here])}
            blocked += here
            found += keeping.events_of(tx, [one for one in part if one not in kept])
    asked = {*ids}
    return Plan(
        events=found,
        besides=[id for id in found if id not in asked],
        requests=sorted(requests - kept),
        ticket=None,
        ledger=0,
        blocked=blocked,
    )


def _found(database: Database, where: Filter) -> list[int]:
    return [id for ids in choosing.event_batches(database, where) for id in ids]


def _blocked(tx: Transaction, requests: Sequence[int]) -> list[Blocked]:
    return [
        Blocked(
            event=event,
            delivery=delivery,
            state=state,
            message=_WAIT.get(state, _CANCEL).format(
                event=event, delivery=delivery, state=state
            ),
        )
        for event, delivery, state in keeping.needed(tx, requests)
    ]


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _BATCH):
        yield numbers[start : start + _BATCH]
