"""Rulesets by hash, with their text: a restart finds the last good one, and an event the one that routed it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from bridge.store.database.dialect import upsert
from bridge.store.database.transaction import Transaction
from bridge.store.tables import rulesets


def activate(
    tx: Transaction, hash: str, texts: Mapping[str, str], now: datetime
) -> None:
    """Makes a ruleset the active one; its text is stored once."""
    statement = upsert(tx, rulesets)
    statement = statement.on_conflict_do_update(
        index_elements=["hash"], set_={"activated_at": statement.excluded.activated_at}
    )
    tx.execute(statement, {"hash": hash, "texts": dict(texts), "activated_at": now})


def active_hash(tx: Transaction) -> str | None:
    """The active ruleset's hash, None before the first."""
    query = select(rulesets.c.hash).order_by(rulesets.c.activated_at.desc()).limit(1)
    return tx.execute(query).scalar_one_or_none()


def active_texts(tx: Transaction) -> dict[str, str] | None:
    """The active ruleset's files: relative path to text; None before the first."""
    query = select(rulesets.c.texts).order_by(rulesets.c.activated_at.desc()).limit(1)
    return tx.execute(query).scalar_one_or_none()


def texts(tx: Transaction, hash: str) -> dict[str, str] | None:
    """The files of the ruleset with this hash: relative path to text; None if it is not stored."""
    query = select(rulesets.c.texts).where(rulesets.c.hash == hash)
    return tx.execute(query).scalar_one_or_none()
