"""Retries what never became a request: a rule's error, and an event whose look-up ended without an answer.

Each ends its old delivery in the transaction that starts the new one, so that nobody does it twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from bridge.mapping import Ruleset
from bridge.model import Decided, Decision, Said
from bridge.services.acts import Done
from bridge.state import State
from bridge.store import (
    Database,
    Transaction,
    audit,
    decisions,
    deliveries,
    events,
    fetches,
    routed,
    selecting,
)
from bridge.store.audit import By
from bridge.store.selecting import AGAIN
from bridge.worker.asking import Asker


def route_again(
    database: Database,
    id: int,
    event_id: int,
    rule: str,
    look_up: bool,
    active: Ruleset,
    asker: Asker,
    by: By,
) -> Done:
    """Runs one rule of one event again; all rules if the event could not be read, or its look-up was missing.

    The old dead letter ends in the transaction that stores the new result.
    """
    with database.read() as tx:
        stored = events.load(tx, event_id)
    if stored is None or stored.source not in active.sources:
        reason = "not retried: its source is no longer configured"
        return Done(id=id, ok=False, message=reason)
    if look_up or (not rule and asker.unfetched(active, stored)):
        return look_up_again(database, id, event_id, by)
    decided = asker.decide(active, stored)
    said = [item for item in decided if not rule or item.rule in (rule, "")]
    if not said:
        gone = f"not retried: rule '{rule}' no longer exists"
        help = f"`bridge reroute {event_id}` uses the current rules, `bridge cancel {id}` drops it"
        return Done(id=id, ok=False, message=f"{gone}: {help}")
    off = {each.id for each in active.rules if each.mode == "off"}
    if all(item.rule in off for item in said):
        # It stays visible as a dead letter until its rule is on or somebody cancels it.
        return Done(id=id, ok=False, message=f"not retried: {_sentence(said)}")
    now = datetime.now(UTC)

    def job(tx: Transaction) -> bool:
        reason = by.did("routed again")
        ended = deliveries.change_state(
            tx, id, (State.DEAD,), State.CANCELLED, reason, now, by
        )
        if ended:
            audit.record(tx, by, "retry", {"deliveries": [id]}, now)
            decisions.revise(tx, event_id, said, now)
            decided = Decided(event=event_id, decisions=tuple(said))
            routed.deliver(tx, [decided], active.hash, now)
        return ended

    done = database.write(job)
    failed = any(item.said is Said.ERROR for item in said)
    return Done(
        id=id, ok=done and not failed, message=f"routed again: {_sentence(said)}"
    )


def look_up_again(database: Database, id: int, event_id: int, by: By) -> Done:
    """The event starts over: a worker looks it up with the current rules, then routes it.

    It queues behind newer look-ups of the same object, so its answer overtakes nothing.
    """
    now = datetime.now(UTC)
    reason = by.did("looked up again")

    def job(tx: Transaction) -> bool:
        begun = begin_anew(tx, [id], event_id, reason, now, by)
        if begun:
            audit.record(tx, by, "retry", {"deliveries": [id]}, now)
        return begun

    if database.write(job):
        return Done(
            id=id,
            ok=True,
            message=f"{reason}: a worker makes the look-up, then routes the event",
        )
    return Done(
        id=id,
        ok=False,
        message="its look-up was already made again, or is waiting to be",
    )


def begin_anew(
    tx: Transaction,
    ids: Sequence[int],
    event_id: int,
    reason: str,
    now: datetime,
    by: By,
) -> bool:
    """Lets a worker look an event up again, in place of what ended. False: somebody else was first."""
    if {*ids} - selecting.routable(tx, ids).keys():
        return False
    if not fetches.reopen(tx, event_id):
        return False
    for id in ids:
        ended = State.DEAD, State.CANCELLED
        deliveries.change_state(tx, id, ended, State.CANCELLED, reason, now, by, AGAIN)
    return True


def _sentence(said: Sequence[Decision]) -> str:
    return "; ".join(
        f"{item.rule or 'the event'}: {item.said.value}, {item.reason}" for item in said
    )
