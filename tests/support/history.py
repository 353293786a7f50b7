"""Judges what happened: requests sent, effects at the vendor, what the store says at the end.

Knows nothing of the bridge: a test gathers the three lists from a real run and asks whether any promise was broken. An
event is named by the identifier its sender gave it, a lane by the ticket it updates.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One posted request. `answered` and `status` are None where the connection broke."""

    event: str
    lane: str
    sent: float  # seconds of a clock that never goes back
    answered: float | None
    status: int | None

    @property
    def acknowledged(self):
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A change that the vendor made; the vendor's list of them is in the order it made them."""

    event: str
    lane: str


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What the store says of one delivery at the end."""

    event: str
    state: str
    unknown: int  # attempts that were recorded with an unknown outcome, take-overs among them


@dataclass(frozen=True, kw_only=True)
class History:
    """Everything that is judged."""

    sent: Sequence[Sent]
    effects: Sequence[Effect]
    stored: Sequence[str]  # the event of each stored row
    ended: Sequence[Ended]


def judge(history: History, *, may_die: Collection[str] = ()) -> list[str]:
    """Every broken promise as a sentence; empty when all were kept. `may_die`: events that nobody can deliver."""
    return [
        *_lost(history),
        *_stored_twice(history),
        *_invented(history),
        *_unfinished(history, may_die),
        *_repeated(history),
        *_out_of_order(history),
    ]


def _acknowledged(history: History) -> dict[str, Sent]:
    """The first 2xx of each event."""
    found: dict[str, Sent] = {}
    for sent in history.sent:
        if sent.acknowledged:
            found.setdefault(sent.event, sent)
    return found


def _lost(history: History) -> Iterator[str]:
    stored = set(history.stored)
    for event in _acknowledged(history):
        if event not in stored:
            yield f"lost: {event} was answered 2xx and is not in the store"


def _stored_twice(history: History) -> Iterator[str]:
    for event, count in Counter(history.stored).items():
        if count > 1:
            yield f"stored twice: {event} has {count} rows"


def _invented(history: History) -> Iterator[str]:
    sent = {item.event for item in history.sent}
    for event in {effect.event for effect in history.effects} - sent:
        yield f"invented: the vendor has {event}, which nobody sent"


def _unfinished(history: History, may_die: Collection[str]) -> Iterator[str]:
    """An acknowledged event ends delivered, or held after an attempt whose outcome nobody knows."""
    ended = {item.event: item for item in history.ended}
    effects = Counter(effect.event for effect in history.effects)
    for event in history.stored:
        item = ended.get(event)
        if item is None:
            yield f"no delivery: {event} was stored and led to nothing"
        elif item.state == "delivered" and not effects[event]:
            yield f"not delivered: {event} counts as delivered and the vendor does not have it"
        elif item.state == "held" and not item.unknown:
            yield f"held: {event}, though the outcome of every attempt is known"
        elif item.state == "dead" and event not in may_die:
            yield f"dead: {event} could have been delivered"
        elif item.state not in ("delivered", "held", "dead"):
            yield f"unfinished: {event} is {item.state}"


def _repeated(history: History) -> Iterator[str]:
    """The vendor may have an event once more for every attempt that was recorded as unknown, and not otherwise."""
    effects = Counter(effect.event for effect in history.effects)
    for item in history.ended:
        allowed = item.unknown + (item.state == "delivered")
        if effects[item.event] > allowed:
            yield (
                f"silent repeat: the vendor has {item.event} {effects[item.event]} times, "
                f"the store knows of {allowed}"
            )


def _out_of_order(history: History) -> Iterator[str]:
    """In a lane, A comes before B where A's 2xx was sent before B's request: no effect of A after one of B.

    What still waits or is held would come after everything that the vendor has of its lane.
    """
    acknowledged = _acknowledged(history)
    first_sent: dict[str, float] = {}
    for item in history.sent:
        first_sent[item.event] = min(item.sent, first_sent.get(item.event, item.sent))
    for lane, events in _lanes(history).items():
        latest, newest = float("-inf"), ""
        for event in events:
            if event in acknowledged and (acknowledged[event].answered or 0) < latest:
                yield f"out of order: {event} comes to lane {lane} after {newest}, which was sent later"
            if first_sent.get(event, latest) > latest:
                latest, newest = first_sent[event], event


def _lanes(history: History) -> dict[str, list[str]]:
    """Lane to its events: those the vendor has, in its order, then those it may still get."""
    lanes: dict[str, list[str]] = defaultdict(list)
    for effect in history.effects:
        lanes[effect.lane].append(effect.event)
    lane_of = {item.event: item.lane for item in history.sent}
    for item in history.ended:
        if item.state in ("waiting", "sending", "held") and item.event in lane_of:
            lanes[lane_of[item.event]].append(item.event)
    return lanes
