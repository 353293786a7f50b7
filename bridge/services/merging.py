"""One page out of what several tables have: the newest first by time, each table in its own order. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """What was found in one table: rows, newest first, perhaps more than fit; and where the search of it is."""

    rows: Sequence[Row]
    begun: int  # it looked below this number
    reached: int  # down to this one
    stopped: bool  # and then the time was over
    at: datetime | None  # when what it reached came


def merged(sides: Sequence[Side], limit: int) -> tuple[list[Row], list[int]]:
    """The page, and below which number each table continues: 0 where nothing is left of it."""
    floor = max((side.at for side in sides if side.at), default=None)
    taken = [0] * len(sides)
    page: list[Row] = []
    while len(page) < limit:
        heads = {
            n: side.rows[taken[n]]
            for n, side in enumerate(sides)
            if taken[n] < len(side.rows)
        }
        if not heads:
            break
        n = max(heads, key=lambda n: _time(heads[n]))
        # What one table has may be older than what the other was not searched for.
        if floor and _time(heads[n]) < floor and not sides[n].stopped:
            break
        page.append(heads[n])
        taken[n] += 1
    return page, [_place(side, number) for side, number in zip(sides, taken)]


def _place(side: Side, taken: int) -> int:
    if taken < len(side.rows):
        return int(side.rows[taken - 1]["id"]) if taken else side.begun
    return side.reached if side.stopped else 0


def _time(row: Row) -> datetime:
    time: datetime = row.get("received_at") or row["created_at"]
    return time
