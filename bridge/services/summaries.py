"""What became of an event, in one sentence: what its rules said, and where its updates are. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.model import Said
from bridge.state import EventState, State

Row = Mapping[str, Any]

_MOST = 10  # tickets that are named

_GRAVEST = (State.DEAD, State.HELD, State.SENDING, State.WAITING)
_STATES: dict[str, str] = {
    State.DELIVERED: "delivered",
    State.WAITING: "waiting",
    State.SENDING: "being sent",
    State.HELD: "held for a person",
    State.DEAD: "failed",
    State.CANCELLED: "cancelled",
    State.SKIPPED: "skipped",
    State.SHADOW: "in shadow",
}


def of_event(event: Row, decisions: Sequence[Row], updates: Sequence[Row]) -> str:
    """The sentence about an event: its row, what its rules said in order, and the rows of its deliveries."""
    if event["state"] == EventState.STORED:
        return "waits for the rules"
    if event["state"] == EventState.FETCHING:
        return "waits for its look-up"
    last = {one["rule"]: one for one in decisions}
    whole = last.pop("", None)
    if not last:
        return _about_it_all(event, whole)
    said = Counter(one["said"] for one in last.values())
    asked = len(last)
    parts = []
    if said[Said.MATCHED]:
        parts.append(f"matched {said[Said.MATCHED]} of {_rules(asked)}")
    if said[Said.ERROR]:
        failed = [one for one in last.values() if one["said"] == Said.ERROR]
        code = f" ({failed[0]['code']})" if failed[0]["code"] else ""
        name = f"rule {failed[0]['rule']}" if len(failed) == 1 else _rules(len(failed))
        parts.append(f"{name} failed{code}")
    if not parts and said[Said.SKIPPED]:
        parts.append(f"skipped by {said[Said.SKIPPED]} of {_rules(asked)}")
    if not parts:
        return f"no rule matched ({asked} asked)"
    return ", ".join([*parts, *_updates(updates)])


def fate(updates: Sequence[Row]) -> str:
    """The state of the update that needs a look most; "" if all are finished, or there are none."""
    states = {one["state"] for one in updates}
    return next((state for state in _GRAVEST if state in states), "")


def _about_it_all(event: Row, whole: Row | None) -> str:
    """Where no rule was asked."""
    if whole and whole["said"] != Said.NO_MATCH:
        return f"{'skipped' if whole['said'] == Said.SKIPPED else 'failed'}: {whole['reason']}"
    if event["outcome"] is None:
        return "its look-up ended without an answer"
    return "no rule matched (0 asked)"


def _rules(number: int) -> str:
    return "1 rule" if number == 1 else f"{number} rules"


def _updates(updates: Sequence[Row]) -> list[str]:
    """`2 updates delivered`, `1 failed (http_404)`; the first says what is counted."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in updates:
        if not one["look_up"]:
            dead = one["code"] if one["state"] == State.DEAD else ""
            counts[one["state"], dead] += 1
    parts: list[str] = []
    for (state, code), number in sorted(counts.items(), key=_order):
        what = "" if parts else " update" if number == 1 else " updates"
        why = f" ({code})" if code else ""
        parts.append(f"{number}{what} {_STATES[state]}{why}")
    return parts


def _order(counted: tuple[tuple[str, str], int]) -> tuple[int, str]:
    (state, code), _ = counted
    return [*_STATES].index(state), code


def tickets(updates: Sequence[Row]) -> tuple[str, ...]:
    """The tickets of an event's updates, the first ones."""
    named = dict.fromkeys(one["ticket"] for one in updates if not one["look_up"])
    return tuple(one for one in named if one)[:_MOST]


def of_refused(row: Row) -> str:
    """The sentence about a refused request."""
    return f"refused: {row['reason']} ({row['status']}), metadata only"
