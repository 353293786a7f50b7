"""What never got as far as a request, once more: a rule's error, and an event whose look-up ended without an answer.

Each ends its old delivery in the transaction that begins the new one, so that nobody does it twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from bridge.mapping import Ruleset
from bridge.model import Decided, Decision, Said
from bridge.services.acts import Done
from bridge.state import State
from bridge.store import (
    Database,
    Session,
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
    """One rule of one event once more, or all of them where the event could not be read or was not looked up before.

    The old dead letter ends in the transaction that stores the new result.
    """
    with database.read() as connection:
        stored = events.load(connection, event_id)
    if stored is None or stored.source not in active.sources:
        reason = "not retried: its source is not configured any more"
        return Done(id=id, ok=False, message=reason)
    if look_up or (not rule and asker.unfetched(active, stored)):
        return look_up_again(database, id, event_id, by)
    decided = asker.decide(active, stored)
    said = [item for item in decided if not rule or item.rule in (rule, "")]
    if not said:
        reason = f"not retried: there is no rule '{rule}' any more"
        return Done(id=id, ok=False, message=reason)
    off = {each.id for each in active.rules if each.mode == "off"}
    if all(item.rule in off for item in said):
        # As a dead letter it stays in sight, until its rule is on or somebody cancels it.
        return Done(id=id, ok=False, message=f"not retried: {_sentence(said)}")
    now = datetime.now(UTC)

    def job(connection: Session) -> bool:
        reason = by.did("routed again")
        ended = deliveries.change_state(
            connection, id, (State.DEAD,), State.CANCELLED, reason, now, by
        )
        if ended:
            audit.record(connection, by, "retry", {"deliveries": [id]}, now)
            decisions.revise(connection, event_id, said, now)
            decided = Decided(event=event_id, decisions=tuple(said))
            routed.deliver(connection, [decided], active.hash, now)
        return ended

    done = database.write(job)
    failed = any(item.said is Said.ERROR for item in said)
    return Done(
        id=id, ok=done and not failed, message=f"routed again: {_sentence(said)}"
    )


def look_up_again(database: Database, id: int, event_id: int, by: By) -> Done:
    """The event begins anew: a worker looks it up with the rules of then, and routes it.

    It stands behind what is looked up of the same object by now, so nothing newer is overtaken by its answer.
    """
    now = datetime.now(UTC)
    reason = by.did("looked up again")

    def job(connection: Session) -> bool:
        if id not in selecting.routable(connection, [id]):
            return False  # somebody else was first
        if not fetches.reopen(connection, event_id):
            return False
        ended = State.DEAD, State.CANCELLED
        deliveries.change_state(
            connection, id, ended, State.CANCELLED, reason, now, by, AGAIN
        )
        audit.record(connection, by, "retry", {"deliveries": [id]}, now)
        return True

    if database.write(job):
        return Done(id=id, ok=True, message=f"{reason}: a worker asks, then routes it")
    return Done(
        id=id, ok=False, message="its event was looked up meanwhile, or waits for that"
    )


def _sentence(said: Sequence[Decision]) -> str:
    return "; ".join(
        f"{item.rule or 'the event'}: {item.said.value}, {item.reason}" for item in said
    )
