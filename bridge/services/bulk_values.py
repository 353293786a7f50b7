"""What a bulk act is asked to do, and how it stands: values, and the sentences about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from bridge.errors import BridgeError
from bridge.model import Json

Name = Literal["retry", "release", "cancel", "replay", "reroute"]
ACTS: Final[tuple[Name, ...]] = ("retry", "release", "cancel", "replay", "reroute")


class NoSuchBulk(BridgeError):
    """A number that does not belong to a bulk act."""

    reason = "no_such_bulk"
    status = 404
    exit_code = 5


class NotNow(BridgeError):
    """The bulk act is not in a state for this."""

    reason = "not_now"
    status = 409
    exit_code = 1


class BadPlan(BridgeError):
    """A plan that cannot be made; the message says what to write instead."""

    reason = "bad_plan"
    status = 422
    exit_code = 2


class NothingFound(BridgeError):
    """The words of a plan found nothing."""

    reason = "nothing_found"
    status = 404
    exit_code = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a person wants done. `words`: numbers, `cause:ID`, or a filter of deliveries (`reroute`: of events).

    `newest`: of several items for one ticket by one rule only the newest; by default for replay and reroute.
    """

    act: Name
    words: str
    # replay only: with the current rules; otherwise the same request.
    current: bool = False
    # reroute only: by this rule alone.
    rule: str = ""
    newest: bool | None = None
    # Also what is older than the last update delivered.
    force: bool = False

    @property
    def kind(self) -> Literal["events", "deliveries"]:
        """What its items are."""
        return "events" if self.act == "reroute" else "deliveries"

    @property
    def only_newest(self) -> bool:
        """Whether only the newest item of a ticket is done."""
        default = self.act in ("replay", "reroute")
        return default if self.newest is None else self.newest

    @property
    def options(self) -> dict[str, Json]:
        """How it is stored."""
        return {
            "current": self.current,
            "rule": self.rule,
            "newest": self.only_newest,
            "force": self.force,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Bulk:
    """A bulk act as it stands now."""

    id: int
    act: str
    words: str
    options: Mapping[str, Json]
    person: str
    reason: str
    # planning, planned, running, paused, finished or cancelled
    state: str
    planned_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    # Items per second.
    rate: float
    # Items by state: new (not looked at yet), eligible, left, done, failed.
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All items."""
        return sum(self.counts.values())

    @property
    def to_do(self) -> int:
        """Items that are done, or will be."""
        return sum(self.counts.get(name, 0) for name in ("eligible", "done", "failed"))

    @property
    def noun(self) -> str:
        """What one item is called."""
        return "event" if self.act == "reroute" else "delivery"


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What a plan would do: its tickets, the fields that a repeated call adds to, why items are left out."""

    tickets: int
    adds: Mapping[str, int]
    left: Sequence[Mapping[str, Any]]
    examples: Sequence[Mapping[str, Any]]


def as_row(found: Bulk) -> dict[str, object]:
    """A bulk act as every face shows it in JSON."""
    names = ("id", "act", "words", "options", "person", "reason", "state")
    moments = ("planned_at", "started_at", "ended_at")
    return {
        **{name: getattr(found, name) for name in (*names, *moments)},
        "per_minute": round(found.rate * 60),
        "total": found.total,
        "to_do": found.to_do,
        "counts": {**found.counts},
    }


_SAID = {
    "planning": "is being planned: {looked} of {total} {items} were looked at",
    "planned": "would be done to {to_do} of {total} {items}",
    "running": "is running: {done} of {to_do} {items} done",
    "paused": "is paused: {done} of {to_do} {items} done",
    "finished": "is finished: {done} of {to_do} {items} done",
    "cancelled": "was cancelled: {done} of {to_do} {items} done",
}


def sentence(found: Bulk) -> str:
    """How it stands, in one sentence."""
    failed = found.counts.get("failed", 0)
    items = "events" if found.act == "reroute" else "deliveries"
    said = _SAID[found.state].format(
        looked=found.total - found.counts.get("new", 0),
        total=found.total,
        to_do=found.to_do,
        done=found.counts.get("done", 0),
        items=items,
    )
    refused = f", {failed} failed" if failed else ""
    return f"bulk act {found.id}: {found.act} {said}{refused}"


def next_step(found: Bulk) -> str:
    """The command that comes next; "" if it is over."""
    id = found.id
    return {
        "planning": f"`bridge bulk show {id}` shows the plan when a worker has looked at all",
        "planned": f"`bridge bulk start {id} --reason TEXT` does it",
        "running": f"`bridge bulk pause {id}` stops it, `bridge bulk show {id}` shows the progress",
        "paused": f"`bridge bulk resume {id}` continues, `bridge bulk cancel {id}` ends it",
    }.get(found.state, "")
