"""The states of deliveries and of events: what each means, and who takes which to which. Values only.

docs/architecture.md draws them from here. What changes a state in the store goes through store/transition.py, which
refuses what these tables do not have.
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
    """What a delivery is in."""

    WAITING = "waiting", "is sent once it is due and at the front of its lane"
    SENDING = "sending", "a worker holds it: its call may be under way"
    HELD = "held", "waits for a person"
    DELIVERED = "delivered", "its vendor took it"
    DEAD = "dead", "is a dead letter: nobody tries it again by itself"
    CANCELLED = "cancelled", "was dropped by a person, or made anew in its place"
    SKIPPED = "skipped", "did not have to be sent"
    SHADOW = "shadow", "was rendered and recorded, and is never sent"


class EventState(_Word):
    """What an event is in."""

    STORED = "stored", "not routed yet"
    FETCHING = "fetching", "is looked up first, then the rules are asked"
    ROUTED = "routed", "the rules were asked, or its look-up ended without an answer"


# These block their lane.
UNFINISHED = (State.WAITING, State.SENDING, State.HELD)
FINISHED = (*(state for state in State if state not in UNFINISHED),)

# From (None: it comes to be so) → to → who does it, and when.
_MOVES: Mapping[State | None, Mapping[State, str]] = {
    None: {
        State.WAITING: "routing, or a replay",
        State.HELD: "routing or a replay, where `hold_if` says so",
        State.SHADOW: "routing, in mode `shadow`",
        State.SKIPPED: "routing, where another has its idempotency key",
        State.DEAD: "routing, where the rule failed",
    },
    State.WAITING: {
        State.SENDING: "a claim",
        State.SKIPPED: "a claim: it is stale, or a newer one replaces it",
        State.CANCELLED: "a person cancels it",
    },
    State.SENDING: {
        State.DELIVERED: "its owner: the vendor took it",
        State.WAITING: "its owner: it is tried again, or its connection is parked",
        State.HELD: "its owner: nobody knows whether the vendor has it",
        State.DEAD: "its owner: refused for good, or tried often enough",
        State.SKIPPED: "its owner: looked up again, there is nothing to send",
    },
    State.HELD: {
        State.WAITING: "a person releases it",
        State.CANCELLED: "a person cancels it",
    },
    State.DEAD: {
        State.WAITING: "a person retries it, or its 403 was the credential's fault",
        State.CANCELLED: "a person cancels it, or has it made anew",
    },
}
_EVENT_MOVES: Mapping[EventState | None, Mapping[EventState, str]] = {
    None: {EventState.STORED: "intake"},
    EventState.STORED: {
        EventState.ROUTED: "routing",
        EventState.FETCHING: "routing, where its source looks up",
    },
    EventState.FETCHING: {
        EventState.STORED: "its look-up is answered",
        EventState.ROUTED: "its look-up is a dead letter, or cancelled",
    },
    EventState.ROUTED: {
        EventState.STORED: "a person has it looked up again, or what a 403 ended is answered",
    },
}

# The same by from and to.
MOVES = {(at, to): who for at, moves in _MOVES.items() for to, who in moves.items()}
EVENT_MOVES = {
    (at, to): who for at, moves in _EVENT_MOVES.items() for to, who in moves.items()
}
