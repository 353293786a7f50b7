"""The states of deliveries and of events: what each means, and who moves them from one to another. Values only.

docs/architecture.md draws them from here. Every change of a state in the store goes through store/transition.py, which
refuses the moves that are not in these tables.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self


class _Word(StrEnum):
    """A state: as text it is its word, in the store, in answers and on pages."""

    _value_: str
    meaning: str

    def __new__(cls, word: str, meaning: str) -> Self:
        one = str.__new__(cls, word)
        one._value_, one.meaning = word, meaning
        return one


class State(_Word):
    """The states of a delivery."""

    WAITING = "waiting", "will be sent once it is due and first in its lane"
    SENDING = "sending", "a worker has claimed it: the call may be under way"
    HELD = "held", "waits for a person to release or cancel it"
    DELIVERED = "delivered", "the vendor accepted it"
    DEAD = "dead", "a dead letter: it is not tried again until a person acts"
    CANCELLED = "cancelled", "a person cancelled it, or another delivery replaced it"
    SKIPPED = "skipped", "there was no need to send it"
    SHADOW = "shadow", "rendered and recorded, but never sent"


class EventState(_Word):
    """The states of an event."""

    STORED = "stored", "not routed yet"
    FETCHING = "fetching", "waits for its look-up; the rules are asked after it"
    ROUTED = "routed", "the rules were asked, or its look-up failed"


# These block their lane.
UNFINISHED = (State.WAITING, State.SENDING, State.HELD)
FINISHED = (*(state for state in State if state not in UNFINISHED),)

# From (None: it is new) → to → who does it, and when.
_MOVES: Mapping[State | None, Mapping[State, str]] = {
    None: {
        State.WAITING: "routing, or a replay",
        State.HELD: "routing or a replay, if `hold_if` is true",
        State.SHADOW: "routing, in mode `shadow`",
        State.SKIPPED: "routing, if another delivery has its idempotency key",
        State.DEAD: "routing, if the rule failed",
    },
    State.WAITING: {
        State.SENDING: "a claim",
        State.SKIPPED: "a claim, if it is stale or a newer delivery replaces it",
        State.CANCELLED: "a person cancels it",
    },
    State.SENDING: {
        State.DELIVERED: "its owner, if the vendor accepted it",
        State.WAITING: "its owner, if it is tried again or its connection is parked",
        State.HELD: "its owner, if nobody knows whether the vendor got it",
        State.DEAD: "its owner, if it was refused for good or its retries are used up",
        State.SKIPPED: "its owner, if a second look-up shows that there is nothing to send",
    },
    State.HELD: {
        State.WAITING: "a person releases it",
        State.CANCELLED: "a person cancels it",
    },
    State.DEAD: {
        State.WAITING: "a person retries it; or its 403 turns out to be the credential's fault",
        State.CANCELLED: "a person cancels or replays it",
    },
}
_EVENT_MOVES: Mapping[EventState | None, Mapping[EventState, str]] = {
    None: {EventState.STORED: "intake"},
    EventState.STORED: {
        EventState.ROUTED: "routing",
        EventState.FETCHING: "routing, if its source has a look-up",
    },
    EventState.FETCHING: {
        EventState.STORED: "its look-up, once answered",
        EventState.ROUTED: "its look-up, if it fails or is cancelled",
    },
    EventState.ROUTED: {
        EventState.STORED: "a person retries its look-up; or a look-up that got a 403 is answered after all",
    },
}

# The same moves, by their two ends.
MOVES = {(at, to): who for at, moves in _MOVES.items() for to, who in moves.items()}
EVENT_MOVES = {
    (at, to): who for at, moves in _EVENT_MOVES.items() for to, who in moves.items()
}
