"""The rows that lists show: events with what became of them, refused requests, deliveries. Reads only."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bridge.services import summaries
from bridge.store import Transaction, rejections, searching, views
from bridge.store.searching import Rows

Row = Mapping[str, Any]

# What only events have, and a list of both asks for.
_LACKS = {"event_id": None, "type": None, "state": None, "outcome": None, "fate": ""}


def rows(tx: Transaction, table: Rows, ids: Sequence[int]) -> list[Row]:
    """The rows with these ids, newest first."""
    if not ids:
        return []
    if table == "deliveries":
        return [*views.these_deliveries(tx, ids)]
    return [*(_events(tx, ids) if table == "events" else _refused(tx, ids))]


def time_of(tx: Transaction, table: Rows, id: int) -> datetime | None:
    """When the row came that is the first one from this number on."""
    return searching.time_of(tx, table, id)


def _events(tx: Transaction, ids: Sequence[int]) -> Iterator[Row]:
    updates: dict[int, list[Row]] = defaultdict(list)
    for row in views.updates_of(tx, ids):
        updates[row["event"]].append(row)
    for event in views.these_events(tx, ids):
        own, mine = dict(event), updates[event["id"]]
        decisions = own.pop("decisions") or ()
        yield {
            **own,
            "summary": summaries.of_event(own, decisions, mine),
            "fate": summaries.fate(mine),
            "tickets": [*summaries.tickets(mine)],
            "refused": False,
        }


def _refused(tx: Transaction, ids: Sequence[int]) -> Iterator[Row]:
    for row in rejections.these(tx, ids):
        summary = summaries.of_refused(row)
        yield {**row, **_LACKS, "summary": summary, "tickets": [], "refused": True}
