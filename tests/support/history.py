"""Judges what happened: requests sent, effects at the vendor, what the store says at the end.

Knows nothing of the bridge: a test gathers the three lists from a real run and asks whether any promise was broken. An
event is named by the identifier its sender gave it, a lane by the ticket it updates.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

LATE = 15.0  # seconds: fifteen times what is promised, for a machine that is busy
GROWTH = 40.0  # MB: twice what is promised


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One posted request. `answered` and `status` are None where the connection broke."""

    event: str
    lane: str
    sent: float  # seconds of a clock that never goes back
    answered: float | None
    status: int | None
    broken: float | None = None  # when the connection broke without an answer
    at: float | None = (
        None  # the time that an update carries, where older ones are skipped
    )

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
class Life:
    """From when to when the same receivers took requests, whatever else was done to them."""

    began: float
    ended: float
    refuses: bool = False  # the store stood still: a 503 is right
    grown: float = 0.0  # MB that the receivers kept of what they were flooded with


@dataclass(frozen=True, kw_only=True)
class History:
    """Everything that is judged."""

    sent: Sequence[Sent]
    effects: Sequence[Effect]
    stored: Sequence[str]  # the event of each stored row
    ended: Sequence[Ended]
    lives: Sequence[Life] = ()
    kept: Sequence[str] = ()  # what was kept or logged of the vendors' answers
    secrets: Sequence[str] = ()  # credentials, in every spelling that a vendor repeated


def judge(
    history: History, *, may_die: Collection[str] = (), quiet: Collection[str] = ()
) -> list[str]:
    """Every broken promise as a sentence; empty when all were kept.

    `may_die`: events that nobody can deliver. `quiet`: events that no rule needs to want.
    """
    return [
        *_lost(history),
        *_stored_twice(history),
        *_invented(history),
        *_unfinished(history, may_die, quiet),
        *_repeated(history),
        *_out_of_order(history),
        *_overwritten(history),
        *_badly_answered(history),
        *_grown(history),
        *_told(history),
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


def _unfinished(
    history: History, may_die: Collection[str], quiet: Collection[str]
) -> Iterator[str]:
    """An acknowledged event ends delivered, or skipped for a newer one, or held after an attempt of unknown outcome."""
    ended = {item.event: item for item in history.ended}
    effects = Counter(effect.event for effect in history.effects)
    stale = _stale(history)
    for event in history.stored:
        item = ended.get(event)
        if item is None:
            if event not in quiet:
                yield f"no delivery: {event} was stored and led to nothing"
        elif item.state == "skipped":
            if event not in stale:
                yield f"skipped: {event}, though nothing newer came before it"
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


def _stale(history: History) -> set[str]:
    """Updates that may be skipped: of an older time than one of their lane that was sent no later."""
    dated: dict[str, list[Sent]] = defaultdict(list)
    for item in history.sent:
        if item.at is not None:
            dated[item.lane].append(item)
    return {
        item.event
        for lane in dated.values()
        for item in lane
        if any(
            (other.at or 0) > (item.at or 0) and other.sent <= item.sent
            for other in lane
        )
    }


def _overwritten(history: History) -> Iterator[str]:
    """Where older updates are skipped, the vendor never gets one after one of a later time."""
    times = {item.event: item.at for item in history.sent if item.at is not None}
    newest: dict[str, tuple[float, str]] = {}
    for effect in history.effects:
        if effect.event in times:
            time = times[effect.event]
            latest, event = newest.get(effect.lane, (time, effect.event))
            if time < latest:
                yield f"overwritten: {effect.event} comes to lane {effect.lane} after {event}, whose time is later"
            newest[effect.lane] = max((latest, event), (time, effect.event))


def _badly_answered(history: History) -> Iterator[str]:
    """Receivers that live answer every proven request with 2xx; where the store stood still, perhaps with 503."""
    for life in history.lives:
        for item in history.sent:
            over = item.answered if item.status is not None else item.broken
            if over is None or item.sent < life.began or over > life.ended:
                continue
            if item.status is None:
                yield f"unanswered: the connection of {item.event} broke while the receivers lived"
            elif not item.acknowledged and not (life.refuses and item.status == 503):
                yield f"refused: {item.event} was answered {item.status}"
            elif over - item.sent > LATE and not life.refuses:
                yield f"late: {item.event} was answered after {over - item.sent:.0f} s"


def _grown(history: History) -> Iterator[str]:
    for life in history.lives:
        if life.grown > GROWTH:
            yield f"memory: the receivers kept {life.grown:.0f} MB of a flood"


def _told(history: History) -> Iterator[str]:
    for secret in history.secrets:
        if any(secret in text for text in history.kept):
            yield f"told: a credential is kept, spelled {secret}"
