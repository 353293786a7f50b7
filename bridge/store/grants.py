"""Tokens that endpoints gave for refresh tokens, sealed; and which host may ask for the next one.

A refresh token that rotates may be used once: two workers that use the same one may lose the right to ask at all. So a
worker takes a lease before it asks, and whatever it was given is committed before it is used. Nothing here can read it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bridge.store.database.dialect import insert_or_ignore
from bridge.store.database.transaction import Transaction
from bridge.store.tables import grants


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What is kept under a name: nothing yet where `sealed` is None."""

    sealed: bytes | None = field(default=None, repr=False)
    version: int = 0
    asked_at: datetime | None = None  # an asking whose end is not known


def load(tx: Transaction, name: str) -> Kept:
    """What is kept now."""
    row = tx.execute(select(grants).where(grants.c.name == name)).first()
    if row is None:
        return Kept()
    return Kept(sealed=row.sealed, version=row.version, asked_at=row.asked_at)


def begin(
    tx: Transaction, name: str, owner: str, now: datetime, lease: timedelta
) -> Kept | None:
    """Takes the lease, and gives what is kept; None while somebody else has it. The same owner may begin again."""
    tx.execute(insert_or_ignore(tx, grants), {"name": name, "version": 0})
    query = select(grants).where(grants.c.name == name).with_for_update()
    row = tx.execute(query).one()
    mine = row.owner == owner  # of a commit that was thought to be lost
    if row.lease_until and row.lease_until > now and not mine:
        return None
    tx.execute(
        update(grants)
        .where(grants.c.name == name)
        .values(owner=owner, lease_until=now + lease, asked_at=row.asked_at or now)
    )
    before = None if mine else row.asked_at
    return Kept(sealed=row.sealed, version=row.version, asked_at=before)


def keep(tx: Transaction, name: str, version: int, sealed: bytes) -> bool:
    """Puts what was given in the place of `version`; False where something newer is there already."""
    done = tx.execute(
        update(grants)
        .where(grants.c.name == name, grants.c.version == version)
        .values(
            sealed=sealed,
            version=version + 1,
            owner=None,
            lease_until=None,
            asked_at=None,
        )
    )
    return done.rowcount > 0


def end(tx: Transaction, name: str, owner: str, asked_at: datetime | None) -> None:
    """Gives the lease back without anything to keep; `asked_at`: since when it is not known what was given."""
    tx.execute(
        update(grants)
        .where(grants.c.name == name, grants.c.owner == owner)
        .values(owner=None, lease_until=None, asked_at=asked_at)
    )
