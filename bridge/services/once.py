"""A request that is repeated with the same Idempotency-Key is done once, and answered the same way for a day.

A key belongs to a person and to one request. A request that ended in an error did nothing, so its key is free again.
One that broke off in between stays taken: whether it was done, only the audit trail knows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.errors import BridgeError
from bridge.store import Database, Transaction, answered

KEPT = timedelta(hours=24)


class KeyTaken(BridgeError):
    """The first request with this key is not answered yet, or broke off."""

    reason = "key_in_use"
    status = 409


class KeyReused(BridgeError):
    """The key came with another request already."""

    reason = "key_reused"
    status = 422


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the first request was answered."""

    status: int
    body: bytes


def begin(
    database: Database, person: str, key: str, digest: str, *, now: datetime
) -> Answer | None:
    """Takes the key; gives the answer if the request was already answered. Raises KeyTaken and KeyReused."""

    def job(tx: Transaction) -> Answer | None:
        answered.forget(tx, now - KEPT)
        if answered.claim(tx, person, key, digest, now):
            return None
        first = answered.load(tx, person, key)
        if first.digest != digest:
            raise KeyReused(
                "this Idempotency-Key was already used for another request: use a new one for each"
            )
        if first.status is None:
            raise KeyTaken(
                "the first request with this Idempotency-Key is not answered yet, or broke off: see what was done"
                " with `bridge audit`, then use a new key"
            )
        return Answer(status=first.status, body=first.answer)

    return database.write(job)


def finish(database: Database, person: str, key: str, answer: Answer) -> None:
    """Keeps the answer."""
    database.write(
        lambda tx: answered.keep(tx, person, key, answer.status, answer.body)
    )


def abandon(database: Database, person: str, key: str) -> None:
    """Gives the key back, because nothing was done."""
    database.write(lambda tx: answered.drop(tx, person, key))
