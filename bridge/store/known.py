"""Finds events that are already stored, and marks those that came with another body: one statement for any number.

What is asked for travels as one JSON text: a parameter for each would be more than a database takes.

What a sender sends in one request as two events under one id is two, whichever of them came alone before: twins. An
event's id never depends on what comes beside it. So the first of them takes the id, and the other a name that is made
of the id and its own content: by that it is known when it comes again, alone or in another order.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import text

from bridge.model import Event
from bridge.store.database.columns import Words, encoded
from bridge.store.database.transaction import Transaction

_FIND = """
SELECT events.id, events.source, events.event_id, events.digest
FROM {names} CROSS JOIN events
WHERE events.source = {source} AND events.event_id = {event_id}
"""
_COUNT = "UPDATE events SET conflicts = conflicts + :times WHERE id IN ({ids})"

# In order of their keys, so that two transactions which lock the same rows do not wait for each other. A locked row
# keeps its event id until the transaction ends (fetches.asked renames).
_FIND_POSTGRESQL = text(
    _FIND.format(
        names="json_array_elements(CAST(:names AS json)) AS name(value)",
        source="name.value->>0",
        event_id="name.value->>1",
    )
    + "ORDER BY events.id FOR NO KEY UPDATE OF events"
)
_FIND_SQLITE = text(
    _FIND.format(
        names="json_each(:names) AS name",
        source="json_extract(name.value, '$[0]')",
        event_id="json_extract(name.value, '$[1]')",
    )
)
_COUNT_POSTGRESQL = text(
    _COUNT.format(
        ids="SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST(:ids AS json))"
    )
)
_COUNT_SQLITE = text(_COUNT.format(ids="SELECT value FROM json_each(:ids)"))

_words = Words()


class Known(NamedTuple):
    """The row of an event id."""

    id: int
    digest: str


def apart(event: Event) -> Event:
    """The event under a name that no other content has."""
    return replace(event, event_id=f"{event.event_id}:{event.digest[:16]}")


def twins(received: Iterable[Event]) -> frozenset[tuple[str, str]]:
    """Source and id of those events of a request that share them and say something else."""
    digests: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in received:
        digests[event.source, event.event_id].add(event.digest)
    return frozenset(name for name, found in digests.items() if len(found) > 1)


def find(tx: Transaction, received: Sequence[Event]) -> list[Known | None]:
    """The row of each event's id, None where there is none. What was found keeps its id until the transaction ends."""
    if not received:
        return []
    postgresql = tx.dialect.name == "postgresql"
    statement = _FIND_POSTGRESQL if postgresql else _FIND_SQLITE
    names = [_name(tx, event) for event in received]
    written = encoded([[*name] for name in dict.fromkeys(names)])
    rows = tx.execute(statement, {"names": written})
    there = {(row.source, row.event_id): Known(row.id, row.digest) for row in rows}
    return [there.get(name) for name in names]


def note_conflicts(tx: Transaction, ids: Collection[int]) -> None:
    """Counts on each event, as often as it is named, that another body came under its id; the first body stays."""
    postgresql = tx.dialect.name == "postgresql"
    statement = _COUNT_POSTGRESQL if postgresql else _COUNT_SQLITE
    alike: dict[int, list[int]] = {}
    for id, times in sorted(Counter(ids).items()):
        alike.setdefault(times, []).append(id)
    for times, counted in alike.items():
        tx.execute(statement, {"times": times, "ids": encoded(counted)})


def _name(tx: Transaction, event: Event) -> tuple[str, Any]:
    """Source and event id as their columns hold them."""
    return event.source, _words.process_bind_param(event.event_id, tx.dialect)
