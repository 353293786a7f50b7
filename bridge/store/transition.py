"""The only way to change a state: an UPDATE that names the old and the new one, for the moves that state.py lists.

A row that somebody else moved meanwhile is not in the state it names, and stays as it is.
"""

from collections.abc import Container, Sequence

from sqlalchemy import ColumnElement, Update, update

from bridge.state import EVENT_MOVES, MOVES, EventState, State
from bridge.store.tables import deliveries, events


def transition(*origins: State, to: State) -> Update:
    """Of deliveries in one of these states; which ones, and what else changes, is the caller's to add.

    To stay is no move. Raises ValueError for one that there is not.
    """
    _require(MOVES, origins, to)
    return update(deliveries).where(_in(deliveries.c.state, origins)).values(state=to)


def event_transition(*origins: EventState, to: EventState) -> Update:
    """The same of events."""
    _require(EVENT_MOVES, origins, to)
    return update(events).where(_in(events.c.state, origins)).values(state=to)


def _require(moves: Container[object], origins: Sequence[str], to: str) -> None:
    for origin in origins:
        if origin != to and (origin, to) not in moves:
            raise ValueError(f"nothing that is {origin} becomes {to}: see state.py")


def _in(column: ColumnElement[str], origins: Sequence[str]) -> ColumnElement[bool]:
    return column == origins[0] if len(origins) == 1 else column.in_(origins)
