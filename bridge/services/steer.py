"""What a person may do to deliveries and connections. Each call says what became of each id, in a sentence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.mapping import Ruleset
from bridge.model import Said
from bridge.store import Database, Session, connections, deliveries, events, views
from bridge.worker.routing import Router, store_decisions


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What became of one id."""

    id: int
    ok: bool
    message: str


def retry(
    database: Database, ids: Iterable[int], active: Ruleset, environment: str
) -> list[Done]:
    """Sends dead letters again as they were; a rule's error is routed again with the rules of now."""
    return [_retry(database, id, active, environment) for id in ids]


def release(database: Database, ids: Iterable[int]) -> list[Done]:
    """Lets held deliveries go."""
    return _move(database, ids, ("held",), "waiting", "released by a person", "held")


def cancel(database: Database, ids: Iterable[int]) -> list[Done]:
    """Drops deliveries that are not being sent right now; their lanes go on."""
    allowed = ("waiting", "held", "dead")
    return _move(
        database,
        ids,
        allowed,
        "cancelled",
        "cancelled by a person",
        "waiting, held or dead",
    )


def resume(database: Database, name: str) -> bool:
    """Lets a parked connection go on; False when it is not parked."""
    now = datetime.now(UTC)
    return database.write(lambda connection: connections.resume(connection, name, now))


def _move(
    database: Database,
    ids: Iterable[int],
    allowed: tuple[str, ...],
    to: str,
    reason: str,
    names: str,
) -> list[Done]:
    now = datetime.now(UTC)

    def job(id: int) -> Callable[[Session], bool]:
        return lambda connection: deliveries.change_state(
            connection, id, allowed, to, reason, now
        )

    moved = {id: database.write(job(id)) for id in ids}
    refused = f"not changed: it is not {names}"
    return [
        Done(id=id, ok=ok, message=reason if ok else refused)
        for id, ok in moved.items()
    ]


def _retry(database: Database, id: int, active: Ruleset, environment: str) -> Done:
    with database.read() as connection:
        found = views.delivery(connection, id)
    if found is None or found["state"] != "dead":
        return Done(id=id, ok=False, message="not retried: it is not a dead letter")
    if found["call"] is not None:
        return _move(
            database, [id], ("dead",), "waiting", "retried by a person", "dead"
        )[0]
    return _route_again(
        database, id, found["event"], found["rule"], active, environment
    )


def _route_again(
    database: Database,
    id: int,
    event_id: int,
    rule: str,
    active: Ruleset,
    environment: str,
) -> Done:
    """One rule of one event once more, or all of them where the event itself could not be read before.

    The old dead letter ends in the transaction that stores the new result.
    """
    with database.read() as connection:
        stored = events.load(connection, event_id)
    if stored is None or stored.source not in active.sources:
        reason = "not retried: its source is not configured any more"
        return Done(id=id, ok=False, message=reason)
    decided = Router(database, environment).decide(active, stored)
    said = [item for item in decided if not rule or item.rule in (rule, "")]
    if not said:
        reason = f"not retried: there is no rule '{rule}' any more"
        return Done(id=id, ok=False, message=reason)
    now = datetime.now(UTC)

    def job(connection: Session) -> bool:
        reason = "routed again by a person"
        ended = deliveries.change_state(
            connection, id, ("dead",), "cancelled", reason, now
        )
        if ended:
            events.decided(connection, event_id, said, now)
            store_decisions(connection, event_id, active.hash, said, now)
        return ended

    done = database.write(job)
    failed = any(item.said is Said.ERROR for item in said)
    sentence = "; ".join(
        f"{item.rule or 'the event'}: {item.said.value}, {item.reason}" for item in said
    )
    return Done(id=id, ok=done and not failed, message=f"routed again: {sentence}")
