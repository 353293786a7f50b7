"""Requests that were not taken: when, from where and why, never what they held."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select

from bridge.store.tables import rejections

KEPT = 1_000  # per source
KEPT_FOR = timedelta(days=7)

_LARGEST = 2**31 - 1  # what the columns of numbers hold; a head may announce anything


class Rejection(NamedTuple):
    """One that was not taken, or several that are alike; `size` is the length that was announced."""

    source: str
    reason: str
    status: int
    remote: str
    size: int


def add(
    connection: Connection, *, found: Mapping[Rejection, int], now: datetime
) -> None:
    """Records them and how many there were of each, and forgets their sources' oldest beyond KEPT and KEPT_FOR."""
    rows = [
        {
            **one._asdict(),
            "size": min(one.size, _LARGEST),
            "count": min(count, _LARGEST),
            "received_at": now,
        }
        for one, count in found.items()
    ]
    connection.execute(insert(rejections), rows)
    for source in {one.source for one in found}:
        _forget(connection, source, now)


def _forget(connection: Connection, source: str, now: datetime) -> None:
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
