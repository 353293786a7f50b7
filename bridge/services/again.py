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
    """One rule of one event once more, or all of them where the event could not be read or was not looked up before.

    The old dead letter ends in the transaction that stores the new result.
    """
    with database.read() as tx:
        stored = events.load(tx, event_id)
    if stored is None or stored.source not in active.sources:
        reason = "not retried: its source is not configured any more"
        return Done(id=id, ok=False, message=reason)
    if look_up or (not rule and asker.unfetched(active, stored)):
        return look_up_again(database, id, event_id, by)
    decided = asker.decide(active, stored)
    said = [item for item in decided if not rule or item.rule in (rule, "")]
    if not said:
        gone = f"not retried: there is no rule '{rule}' any more"
        help = f"`bridge reroute {event_id}` asks those of now, `bridge cancel {id}` drops it"
        return Done(id=id, ok=False, message=f"{gone}: {help}")
    off = {each.id for each in active.rules if each.mode == "off"}
    if all(item.rule in off for item in said):
        # As a dead letter it stays in sight, until its rule is on or somebody cancels it.
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
    """The event begins anew: a worker looks it up with the rules of then, and routes it.

    It stands behind what is looked up of the same object by now, so nothing newer is overtaken by its answer.
    """
    now = datetime.now(UTC)
    reason = by.did("looked up again")

    def job(tx: Transaction) -> bool:
        begun = begin_anew(tx, [id], event_id, reason, now, by)
        if begun:
            audit.record(tx, by, "retry", {"deliveries": [id]}, now)
        return begun

    if database.write(job):
        return Done(id=id, ok=True, message=f"{reason}: a worker asks, then routes it")
    return Done(
        id=id, ok=False, message="its event was looked up meanwhile, or waits for that"
    )


def begin_anew(
    tx: Transaction,
    ids: Sequence[int],
    event_id: int,
    reason: str,
    now: datetime,
    by: By,
) -> bool:
    """Has an event looked up by a worker, in the place of what ended of it. False: somebody else was first."""
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
