"""What a person may do to deliveries: retry, release, cancel. Each call returns one sentence per id.

Every act is recorded in the audit trail and on the deliveries, in the transaction that does it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bridge.mapping import Ruleset
from bridge.services import outlook
from bridge.services.acts import CANCEL, RELEASE, RETRY, Act, Done, refusal
from bridge.services.again import route_again
from bridge.settings import MAX_RENDERED
from bridge.store import Database, Transaction, audit, deliveries, queue, selecting
from bridge.store.audit import By
from bridge.worker.asking import Asker

_ANEW = "makes the look-up again"


def retry(
    database: Database,
    ids: Sequence[int],
    active: Ruleset,
    environment: str,
    by: By = By(),
    *,
    max_rendered: int = MAX_RENDERED,
) -> list[Done]:
    """Sends dead letters again, and waiting deliveries now; a rule's error is routed again with the current rules.

    A cancelled or dead look-up is made again. Lanes keep their order: a delivery that has another one ahead follows it,
    and its message says so.
    """
    with database.read() as tx:
        failed = selecting.routable(tx, ids)
    done = _move(database, RETRY, [id for id in ids if id not in failed], by)
    done = _with_outlook(database, done, active)
    asker = Asker(environment, max_rendered)
    again = (
        route_again(database, id, *of, active, asker, by) for id, of in failed.items()
    )
    by_id = {item.id: item for item in (*done, *again)}
    return [by_id[id] for id in dict.fromkeys(ids)]


def _with_outlook(
    database: Database, done: Sequence[Done], active: Ruleset
) -> list[Done]:
    """Adds to each message what the delivery is still waiting for."""
    off = {rule.id for rule in active.rules if rule.mode == "off"}
    moved, now = [item.id for item in done if item.ok], datetime.now(UTC)
    said = outlook.stops(database, moved, off, now)
    return [
        (
            replace(item, message=f"{item.message}; {said[item.id]}")
            if said.get(item.id)
            else item
        )
        for item in done
    ]


def release(database: Database, ids: Sequence[int], by: By = By()) -> list[Done]:
    """Releases held deliveries."""
    return _move(database, RELEASE, ids, by)


def cancel(database: Database, ids: Sequence[int], by: By = By()) -> list[Done]:
    """Cancels deliveries that are not being sent right now; their lanes continue.

    The event of a cancelled look-up is not routed until somebody has the look-up made again.
    """
    done = _move(database, CANCEL, ids, by)
    with database.read() as tx:
        dropped = selecting.routable(tx, [item.id for item in done if item.ok])
    return [
        (
            replace(item, message=f"{item.message}; `bridge retry {item.id}` {_ANEW}")
            if item.id in dropped
            else item
        )
        for item in done
    ]


def resume(database: Database, name: str, by: By = By()) -> bool:
    """Resumes a parked or failing connection; False if there is none with this name."""
    now = datetime.now(UTC)

    def job(tx: Transaction) -> bool:
        resumed = queue.resume_named(tx, name, now)
        if resumed:
            audit.record(tx, by, "resume", {"connection": name}, now)
        return resumed

    return database.write(job)


def _move(database: Database, act: Act, ids: Sequence[int], by: By) -> list[Done]:
    """Moves the deliveries that the act allows, in one transaction."""
    now, reason = datetime.now(UTC), by.did(act.past)

    def job(tx: Transaction) -> list[int]:
        each = dict.fromkeys(ids)
        moved = [id for id in each if _do(tx, act, id, reason, now, by)]
        if moved:
            audit.record(tx, by, act.name, {"deliveries": [*moved]}, now)
        return moved

    moved = set(database.write(job))
    with database.read() as tx:
        left = [id for id in ids if id not in moved]
        states = selecting.states(tx, left)
        used = {id: queue.used_by(tx, id) for id in states}
    return [
        Done(
            id=id,
            ok=id in moved,
            message=(
                reason
                if id in moved
                else refusal(act, id, states.get(id), used.get(id))
            ),
        )
        for id in dict.fromkeys(ids)
    ]


def _do(tx: Transaction, act: Act, id: int, reason: str, now: datetime, by: By) -> bool:
    """Moves one delivery; one that already waits keeps its attempts and its reason, and is due now."""
    states = [state for state in act.states if state != act.to]
    if deliveries.change_state(tx, id, states, act.to, reason, now, by):
        return True
    hurries = act.to in act.states
    return hurries and deliveries.hurry(tx, id, now, by)
