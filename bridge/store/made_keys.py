"""Random keys that all processes of a bridge share, made by whichever needs one first."""

import secrets

from sqlalchemy import select

from bridge.store.database.dialect import insert_or_ignore
from bridge.store.database.transaction import Transaction
from bridge.store.tables import made_keys


def load(tx: Transaction, name: str) -> bytes | None:
    """The key with this name."""
    query = select(made_keys.c.key).where(made_keys.c.name == name)
    return tx.execute(query).scalar_one_or_none()


def make(tx: Transaction, name: str) -> bytes:
    """The key with this name, made now if there is none."""
    values = {"name": name, "key": secrets.token_bytes(32)}
    tx.execute(insert_or_ignore(tx, made_keys), values)
    return load(tx, name) or b""
