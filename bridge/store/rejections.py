"""Refused requests: when, from where and why; never their content."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import case, delete, func, insert, or_, select

from bridge.store.database.transaction import Transaction
from bridge.store.filtering import Filter, refused_that
from bridge.store.tables import rejections

KEPT = 1_000  # per source
KEPT_FOR = timedelta(days=7)

_LARGEST = 2**31 - 1  # what the columns of numbers hold; a head may announce anything


class Rejection(NamedTuple):
    """One that was not taken, or several that are alike.

    `size` is the length that was announced; `path` is what may be shown of where it was sent.
    """

    source: str
    reason: str
    status: int
    remote: str
    size: int
    path: str = ""


def add(tx: Transaction, *, counts: Mapping[Rejection, int], now: datetime) -> None:
    """Records them and how many there were of each, and forgets their sources' oldest beyond KEPT and KEPT_FOR."""
    rows = [
        {
            **one._asdict(),
            "size": min(one.size, _LARGEST),
            "count": min(count, _LARGEST),
            "received_at": now,
        }
        for one, count in counts.items()
    ]
    tx.execute(insert(rejections), rows)
    for source in {one.source for one in counts}:
        _forget(tx, source, now)


def listed(
    tx: Transaction,
    *,
    since: datetime,
    source: str | None,
    limit: int,
    where: Filter = (),
) -> Sequence[Mapping[str, Any]]:
    """Those since then, a row for each source, reason, status and path, the newest first.

    A row says how many there were, when the first and the last one came, and from where: "several" for more than one
    address.
    """
    kept = rejections.c
    alike = (kept.source, kept.reason, kept.status, kept.path)
    first, last = func.min(kept.received_at), func.max(kept.received_at)
    one = func.min(kept.remote) == func.max(kept.remote)
    remote = case((one, func.min(kept.remote)), else_="several")
    count = func.sum(kept.count)
    query = (
        select(
            last.label("last_at"),
            first.label("first_at"),
            count.label("count"),
            *alike,
            remote.label("remote"),
        )
        .where(kept.received_at >= since, refused_that(tx, where))
        .group_by(*alike)
        .order_by(last.desc(), *alike)
        .limit(limit)
    )
    if source is not None:
        query = query.where(kept.source == source)
    return [{**row, "count": int(row["count"])} for row in tx.execute(query).mappings()]


def these(tx: Transaction, ids: Sequence[int]) -> Sequence[Mapping[str, Any]]:
    """Those with these numbers, the newest first."""
    query = select(rejections).where(rejections.c.id.in_(ids))
    newest = query.order_by(rejections.c.id.desc())
    return [dict(row) for row in tx.execute(newest).mappings()]


def _forget(tx: Transaction, source: str, now: datetime) -> None:
    mine = rejections.c.source == source
    oldest_kept = (
        select(rejections.c.id)
        .where(mine)
        .order_by(rejections.c.id.desc())
        .limit(1)
        .offset(KEPT - 1)
        .scalar_subquery()
    )
    outdated = or_(
        rejections.c.id < oldest_kept, rejections.c.received_at < now - KEPT_FOR
    )
    tx.execute(delete(rejections).where(mine, outdated))
