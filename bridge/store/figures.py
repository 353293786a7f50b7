"""Numbers of the last hours for people: what was received and delivered, and when each source was heard of. Reads only.

Row numbers and times rise together, so the rows since a moment begin at a number that few looks find. Of many events
the numbers of some are subtracted instead of the rows counted: then a number that was never used counts too.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, func, select, type_coerce

from bridge.store import searching
from bridge.store.database.columns import microseconds
from bridge.store.database.dialect import among
from bridge.store.database.transaction import Transaction
from bridge.store.searching import first_since
from bridge.store.tables import events, ledger, rejections

# Events that are counted one by one.
COUNTED = 20_000
# Of more events, so many are looked at: a bar of a day's 24 is wrong by one in eighty.
MARKS = 2_000

_id, _at = events.c.id, events.c.received_at


def _first_event(tx: Transaction, moment: datetime, newest: int) -> int:
    """The number of the first event that was received at a moment or later; one more than the newest if none was."""
    low = first_since(tx, _id, _at, moment, 0, newest + 1)
    # Older numbers may be deleted.
    query = select(_id).where(_id >= low).order_by(_id).limit(1)
    return tx.execute(query).scalar_one_or_none() or low


def received(
    tx: Transaction, since: datetime, width: timedelta, number: int
) -> list[int]:
    """How many events were received in each of `number` spans since then."""
    newest = searching.newest(tx, "events")
    first = _first_event(tx, since, newest)
    if newest - first < COUNTED:
        counts = _per_bucket(tx, _at, _id >= first, since, width)
        return [counts.get(n, 0) for n in range(number)]
    marks = _marks(tx, first, newest)
    bounds = [_before(marks, since + n * width) for n in range(number + 1)]
    return [high - low for low, high in zip(bounds, bounds[1:])]


def _marks(tx: Transaction, first: int, newest: int) -> Sequence[tuple[int, datetime]]:
    """Number and time of MARKS events, spread evenly, and of the newest."""
    spread = [*range(first, newest, max((newest - first) // MARKS, 1)), newest]
    query = select(_id, _at).where(among(tx, _id, spread)).order_by(_id)
    return [(id, at) for id, at in tx.execute(query)]


def _before(marks: Sequence[tuple[int, datetime]], moment: datetime) -> int:
    """The number behind the last mark that is older than a moment."""
    place = bisect_left(marks, moment, key=lambda mark: mark[1])
    return marks[place][0] if place < len(marks) else marks[-1][0] + 1


def delivered(
    tx: Transaction, since: datetime, width: timedelta, number: int
) -> list[int]:
    """How many updates ticket systems accepted in each of `number` spans since then."""
    at = ledger.c.at
    counts = _per_bucket(tx, at, at >= since, since, width)
    return [counts.get(n, 0) for n in range(number)]


def _per_bucket(
    tx: Transaction, at: Any, which: Any, since: datetime, width: timedelta
) -> Mapping[int, int]:
    passed = type_coerce(at, BigInteger) - microseconds(since)
    bucket = passed // (width // timedelta(microseconds=1))
    query = select(bucket, func.count()).where(which).group_by(bucket)
    return {int(n): int(count) for n, count in tx.execute(query)}


def last_received(tx: Transaction, source: str, limit: int) -> Sequence[datetime]:
    """When the newest events of a source were received, newest first."""
    query = select(_at).where(events.c.source == source)
    return tx.execute(query.order_by(_id.desc()).limit(limit)).scalars().all()


def newest_event(tx: Transaction) -> datetime | None:
    """When the newest event was received."""
    return tx.execute(select(_at).order_by(_id.desc()).limit(1)).scalar_one_or_none()


def refusals(
    tx: Transaction, since: datetime, source: str
) -> Sequence[Mapping[str, Any]]:
    """Refused requests of a source by reason: `reason`, `count`, `last`; most first."""
    kept = rejections.c
    count, last = func.sum(kept.count), func.max(kept.received_at)
    query = select(kept.reason, count.label("count"), last.label("last"))
    query = query.where(kept.source == source, kept.received_at >= since)
    rows = tx.execute(query.group_by(kept.reason).order_by(count.desc(), kept.reason))
    return [{**row, "count": int(row["count"])} for row in rows.mappings()]
