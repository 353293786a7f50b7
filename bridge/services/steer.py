"""What a person may do to deliveries: retry, release, cancel. Each call says what became of each id, in a sentence.

Every act is written into the audit trail and onto the deliveries in the transaction that does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.mapping import Ruleset
from bridge.model import Decision, Said
from bridge.settings import MAX_RENDERED
from bridge.store import (
    Database,
    Session,
    audit,
    connections,
    decisions,
    deliveries,
    events,
    fetches,
    keys,
    routed,
    selecting,
)
from bridge.store.audit import By
from bridge.worker.asking import Asker


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What became of one id."""

    id: int
    ok: bool
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One thing to do to deliveries that are in one of `states`."""

    name: str
    past: str
    states: tuple[str, ...]
    to: str


RETRY = Act(name="retry", past="retried", states=("dead",), to="waiting")
RELEASE = Act(name="release", past="released", states=("held",), to="waiting")
CANCEL = Act(
    name="cancel",
    past="cancelled",
    states=("waiting", "held", "dead"),
    to="cancelled",
)


def retry(
    database: Database,
    ids: Sequence[int],
    active: Ruleset,
    environment: str,
    by: By = By(),
    *,
    max_rendered: int = MAX_RENDERED,
) -> list[Done]:
    """Sends dead letters again as they were; a rule's error is routed again with the rules of now."""
    with database.read() as connection:
        failed = selecting.rule_errors(connection, ids)
    done = _move(database, RETRY, [id for id in ids if id not in failed], by)
    asker = Asker(environment, max_rendered)
    again = (
        _route_again(database, id, *of, active, asker, by) for id, of in failed.items()
    )
    found = {item.id: item for item in (*done, *again)}
    return [found[id] for id in dict.fromkeys(ids)]


def release(database: Database, ids: Sequence[int], by: By = By()) -> list[Done]:
    """Lets held deliveries go."""
    return _move(database, RELEASE, ids, by)


def cancel(database: Database, ids: Sequence[int], by: By = By()) -> list[Done]:
    """Drops deliveries that are not being sent right now; their lanes go on."""
    return _move(database, CANCEL, ids, by)


def resume(database: Database, name: str, by: By = By()) -> bool:
    """Lets what is parked by this name go on; False when nothing is."""
    now = datetime.now(UTC)

    def job(connection: Session) -> bool:
        parked = connections.parked_as(connection, name)
        resumed = any([connections.resume(connection, one, now) for one in parked])
        if resumed:
            audit.record(connection, by, "resume", {"connection": name}, now)
        return resumed

    return database.write(job)


def _move(database: Database, act: Act, ids: Sequence[int], by: By) -> list[Done]:
    """Moves what may be moved, in one transaction."""
    now, reason = datetime.now(UTC), by.did(act.past)

    def job(connection: Session) -> list[int]:
        moved = [
            id
            for id in ids
            if deliveries.change_state(
                connection, id, act.states, act.to, reason, now, by
            )
        ]
        if moved:
            audit.record(connection, by, act.name, {"deliveries": [*moved]}, now)
        return moved

    moved = set(database.write(job))
    with database.read() as connection:
        left = [id for id in ids if id not in moved]
        states = selecting.states(connection, left)
        used = {id: keys.used_by(connection, id) for id in states}
    return [
        Done(
            id=id,
            ok=id in moved,
            message=(
                reason
                if id in moved
                else _refusal(act, id, states.get(id), used.get(id))
            ),
        )
        for id in dict.fromkeys(ids)
    ]


def _refusal(act: Act, id: int, state: str | None, other: int | None) -> str:
    if state is None:
        return f"there is no delivery {id}"
    if state in act.states and act.to == "waiting" and other:
        return (
            f"not {act.past}: delivery {other} has used up its idempotency key,"
            f" `bridge replay {id}` sends it all the same"
        )
    wanted = " or ".join(act.states)
    hint = f": `bridge replay {id}` sends it once more" * (state == "delivered")
    return f"not {act.past}: it is {state}, not {wanted}{hint}"


def _route_again(
    database: Database,
    id: int,
    event_id: int,
    rule: str,
    active: Ruleset,
    asker: Asker,
    by: By,
) -> Done:
    """One rule of one event once more, or all of them where the event itself could not be read before.

    The old dead letter ends in the transaction that stores the new result.
    """
    with database.read() as connection:
        stored = events.load(connection, event_id)
    if stored is None or stored.source not in active.sources:
        reason = "not retried: its source is not configured any more"
        return Done(id=id, ok=False, message=reason)
    if not rule and asker.unfetched(active, stored):
        return _look_up_again(database, id, event_id, by)
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
            connection, id, ("dead",), "cancelled", reason, now, by
        )
        if ended:
            audit.record(connection, by, "retry", {"deliveries": [id]}, now)
            decisions.revise(connection, event_id, said, now)
            routed.deliver(connection, event_id, active.hash, said, now)
        return ended

    done = database.write(job)
    failed = any(item.said is Said.ERROR for item in said)
    return Done(
        id=id, ok=done and not failed, message=f"routed again: {_sentence(said)}"
    )


def _look_up_again(database: Database, id: int, event_id: int, by: By) -> Done:
    """The event begins anew: a worker looks it up with the rules of then, and routes it."""
    now = datetime.now(UTC)
    reason = by.did("looked up again")

    def job(connection: Session) -> bool:
        ended = deliveries.change_state(
            connection, id, ("dead",), "cancelled", reason, now, by
        )
        if not ended or not fetches.reopen(connection, event_id):
            return False
        audit.record(connection, by, "retry", {"deliveries": [id]}, now)
        return True

    if database.write(job):
        return Done(id=id, ok=True, message=f"{reason}: a worker asks, then routes it")
    return Done(id=id, ok=False, message="not retried: its event waits already")


def _sentence(said: Sequence[Decision]) -> str:
    return "; ".join(
        f"{item.rule or 'the event'}: {item.said.value}, {item.reason}" for item in said
    )
