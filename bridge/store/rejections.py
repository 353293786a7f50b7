"""Requests that were not taken: when, from where and why, never what they held."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, or_, select

from bridge.store.tables import rejections

KEPT = 1_000  # per source
KEPT_FOR = timedelta(days=7)

_LARGEST = 2**31 - 1  # what the column of a size holds; a head may announce anything


def add(
    connection: Connection,
    *,
    source: str,
    reason: str,
    status: int,
    remote: str,
    size: int,
    now: datetime,
) -> None:
    """Records one, and forgets this source's oldest beyond KEPT and KEPT_FOR."""
    connection.execute(
        insert(rejections),
        {
            "source": source,
            "received_at": now,
            "reason": reason,
            "status": status,
            "remote": remote,
            "size": min(size, _LARGEST),
        },
    )
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
    connection.execute(delete(rejections).where(mine, outdated))
