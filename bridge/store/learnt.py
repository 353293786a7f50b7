"""Secrets that senders gave when they verified the URL, sealed. A second one is kept only after a person allowed it.

They stand beside the grants. Version 0 is one that may be told anew; what was told before counts until then.
"""

import hashlib
from datetime import datetime

from sqlalchemy import update

from bridge.store import grants
from bridge.store.database.dialect import insert_or_ignore
from bridge.store.database.transaction import Transaction
from bridge.store.tables import grants as table


def name_of(reference: str) -> str:
    """Under what a reference's secret is kept; no grant has such a name."""
    return hashlib.sha256(f"learnt:{reference}".encode()).hexdigest()


def load(tx: Transaction, name: str) -> grants.Kept:
    """What is kept under a name."""
    return grants.load(tx, name)


def keep(tx: Transaction, name: str, sealed: bytes) -> bool:
    """Keeps it; False where there is one already that nobody opened."""
    row = {"name": name, "version": 0}
    tx.execute(insert_or_ignore(tx, table), row)
    return grants.keep(tx, name, 0, sealed)


def show(tx: Transaction, name: str, now: datetime) -> bytes | None:
    """What was told, still sealed, for a person to see once; None where there is none, or it was shown before."""
    wanted = table.c.name == name, table.c.version > 0, table.c.asked_at.is_(None)
    shown = update(table).where(*wanted).values(asked_at=now)
    sealed: bytes | None = tx.execute(
        shown.returning(table.c.sealed)
    ).scalar_one_or_none()
    return sealed


def reopen(tx: Transaction, name: str) -> bool:
    """Lets the sender tell another one; False where none was told, or this was done before."""
    kept = update(table).where(table.c.name == name, table.c.version > 0)
    return tx.execute(kept.values(version=0)).rowcount > 0
