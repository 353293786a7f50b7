"""The tokens of programs: by the hash of the token, which is shown once and kept nowhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from bridge.store.database.transaction import Transaction
from bridge.store.tables import accounts, tokens

_SHOWN = (
    tokens.c.id,
    tokens.c.name,
    tokens.c.prefix,
    accounts.c.name.label("owner"),
    tokens.c.scopes,
    tokens.c.created_at,
    tokens.c.expires_at,
    tokens.c.used_at,
)


def add(tx: Transaction, *, now: datetime, **values: Any) -> None:
    """Adds a token."""
    tx.execute(insert(tokens).values(created_at=now, **values))


def of(tx: Transaction, hash: str) -> Mapping[str, Any] | None:
    """A token with the role and rights of its owner."""
    owner = (accounts.c.role, accounts.c.reveals, accounts.c.disabled_at)
    query = select(*_SHOWN, *owner).select_from(_with_owner())
    row = tx.execute(query.where(tokens.c.hash == hash)).mappings().first()
    return None if row is None else dict(row)


def listed(
    tx: Transaction, *, name: str | None = None, owner: str | None = None
) -> Sequence[Mapping[str, Any]]:
    """The tokens, all or with this name or owner, the newest first; those that expired too."""
    query = select(*_SHOWN).select_from(_with_owner()).order_by(tokens.c.id.desc())
    if name is not None:
        query = query.where(tokens.c.name == name)
    if owner is not None:
        query = query.where(accounts.c.name == owner)
    return [dict(row) for row in tx.execute(query).mappings()]


def used(tx: Transaction, id: int, now: datetime) -> None:
    """Writes that it was shown."""
    tx.execute(update(tokens).where(tokens.c.id == id).values(used_at=now))


def expires(tx: Transaction, id: int, at: datetime) -> None:
    """Lets it end at this time."""
    tx.execute(update(tokens).where(tokens.c.id == id).values(expires_at=at))


def remove(tx: Transaction, id: int) -> None:
    """Ends it."""
    tx.execute(delete(tokens).where(tokens.c.id == id))


def _with_owner() -> Any:
    return tokens.join(accounts, accounts.c.id == tokens.c.account)
