"""Answers of the API that are given again where a request is repeated, by person and key. Reads and writes only."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from bridge.store.database.dialect import insert_or_ignore
from bridge.store.database.transaction import Transaction
from bridge.store.tables import answered


def claim(tx: Transaction, person: str, key: str, digest: str, now: datetime) -> bool:
    """Takes a key for a request; False where the person used it already."""
    row = {"person": person, "key": key, "digest": digest, "at": now}
    return tx.execute(insert_or_ignore(tx, answered).values(row)).rowcount > 0


def load(tx: Transaction, person: str, key: str) -> Any:
    """Digest, status and answer of a key; the status is None while its request is not answered."""
    columns = answered.c.digest, answered.c.status, answered.c.answer
    return tx.execute(select(*columns).where(*_of(person, key))).one_or_none()


def keep(tx: Transaction, person: str, key: str, status: int, answer: bytes) -> None:
    """Keeps the answer."""
    values = {"status": status, "answer": answer}
    tx.execute(update(answered).where(*_of(person, key)).values(values))


def drop(tx: Transaction, person: str, key: str) -> None:
    """Gives a key back: nothing was done."""
    tx.execute(delete(answered).where(*_of(person, key)))


def forget(tx: Transaction, before: datetime) -> None:
    """Deletes what is older."""
    tx.execute(delete(answered).where(answered.c.at < before))


def _of(person: str, key: str) -> tuple[Any, Any]:
    return answered.c.person == person, answered.c.key == key
