"""Sign-ins to the console that have not ended: by the hash of a token that only the person's cookie has."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from bridge.store.database.prepared import execute
from bridge.store.database.transaction import Transaction
from bridge.store.tables import accounts, sessions

# Every request of a browser asks this.
_OF = (
    select(
        sessions,
        accounts.c.name,
        accounts.c.role,
        accounts.c.reveals,
        accounts.c.disabled_at,
    )
    .join(accounts, accounts.c.id == sessions.c.account)
    .where(sessions.c.hash == bindparam("of"))
)


def begin(
    tx: Transaction, *, hash: str, account: int, address: str, agent: str, now: datetime
) -> None:
    """Adds a session."""
    row = {"hash": hash, "account": account, "address": address, "agent": agent}
    tx.execute(insert(sessions).values(created_at=now, seen_at=now, **row))


def of(tx: Transaction, hash: str) -> Mapping[str, Any] | None:
    """A session with the name, role and rights of its account."""
    for row in execute(tx, _OF, {"of": hash}).rows():
        found: Mapping[str, Any] = row._asdict()
        return found
    return None


def seen(tx: Transaction, id: int, now: datetime) -> None:
    """Writes that its person was here."""
    tx.execute(update(sessions).where(sessions.c.id == id).values(seen_at=now))


def of_account(tx: Transaction, account: int) -> Sequence[Mapping[str, Any]]:
    """The sessions of an account, the newest first."""
    query = select(sessions).where(sessions.c.account == account)
    rows = tx.execute(query.order_by(sessions.c.id.desc())).mappings()
    return [dict(row) for row in rows]


def end(tx: Transaction, account: int, *, only: int | None = None) -> int:
    """Ends the sessions of an account, or only this one; how many there were."""
    gone = delete(sessions).where(sessions.c.account == account)
    return tx.execute(
        gone if only is None else gone.where(sessions.c.id == only)
    ).rowcount


def end_others(tx: Transaction, account: int, but: str) -> int:
    """Ends all sessions of an account except the one with this hash."""
    gone = delete(sessions).where(sessions.c.account == account, sessions.c.hash != but)
    return tx.execute(gone).rowcount


def forget(tx: Transaction, *, seen_before: datetime, begun_before: datetime) -> None:
    """Deletes what no longer counts."""
    old = or_(sessions.c.seen_at < seen_before, sessions.c.created_at < begun_before)
    tx.execute(delete(sessions).where(old))
