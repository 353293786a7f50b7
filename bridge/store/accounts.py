"""The accounts of people. Names and roles are checked in services/; passwords arrive hashed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from bridge.store.database.dialect import one_at_a_time
from bridge.store.database.transaction import Transaction
from bridge.store.tables import accounts, sessions, tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account."""

    id: int
    name: str
    role: str
    reveals: bool
    password: str | None = field(repr=False)
    subject: str | None
    created_at: datetime
    disabled_at: datetime | None


def begin(tx: Transaction) -> None:
    """Waits for other changes to accounts: what is read from here on stays true until the end of the transaction."""
    one_at_a_time(tx, "accounts")


def add(tx: Transaction, *, now: datetime, **values: Any) -> bool:
    """Adds an account; False if the name is taken."""
    if named(tx, values["name"]):
        return False
    tx.execute(insert(accounts).values(created_at=now, **values))
    return True


def named(tx: Transaction, name: str) -> Account | None:
    """The account with this name."""
    query = select(accounts).where(accounts.c.name == name)
    return _one(tx.execute(query).first())


def of_subject(tx: Transaction, subject: str) -> Account | None:
    """The account of a person who signs in elsewhere."""
    query = select(accounts).where(accounts.c.subject == subject)
    return _one(tx.execute(query).first())


def listed(tx: Transaction) -> Sequence[Account]:
    """All accounts, by name."""
    rows = tx.execute(select(accounts).order_by(accounts.c.name))
    return [Account(**row) for row in rows.mappings()]


def there_are(tx: Transaction) -> bool:
    """Whether there is an account at all."""
    return tx.execute(select(accounts.c.id).limit(1)).first() is not None


def others(tx: Transaction, role: str, id: int) -> int:
    """How many other accounts have this role and are not disabled."""
    able = accounts.c.disabled_at.is_(None)
    query = select(func.count()).where(
        accounts.c.role == role, able, accounts.c.id != id
    )
    return int(tx.execute(query).scalar_one())


def change(tx: Transaction, id: int, **values: Any) -> None:
    """Writes some columns of an account."""
    tx.execute(update(accounts).where(accounts.c.id == id).values(values))


def remove(tx: Transaction, id: int) -> None:
    """Deletes an account with its sessions and tokens."""
    tx.execute(delete(sessions).where(sessions.c.account == id))
    tx.execute(delete(tokens).where(tokens.c.account == id))
    tx.execute(delete(accounts).where(accounts.c.id == id))


def _one(row: Row[Any] | None) -> Account | None:
    return None if row is None else Account(**row._mapping)
