"""Dead letters and held deliveries by cause: how many, since when, and what to do. Reads only.

The parts of a cause's key are shown, so that people see why its deliveries are grouped.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from bridge.errors import BridgeError
from bridge.services.remedies import Remedy, remedy
from bridge.services.veiling import veiled_text
from bridge.state import State
from bridge.store import Database, causes
from bridge.store.causes import Group, Key
from bridge.strict import json

# What a sparkline shows: so many bars, each so wide, up to now.
BARS = 28
WIDTH = timedelta(hours=6)
# A first failure so soon after an activation may have come from it.
_SOON = timedelta(days=1)


class NoSuchCause(BridgeError):
    """No delivery has this cause any more, or ever had."""

    reason = "no_such_cause"
    status = 404
    exit_code = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Deliveries with the same code, rule and connection; failed rules also with the same message."""

    id: str
    state: State
    code: str
    rule: str
    connection: str
    # The message of the failed rule, or of `hold_if`; otherwise "".
    said: str
    count: int
    tickets: int
    first: datetime
    last: datetime
    # How many in each of BARS spans of WIDTH, oldest first; earlier ones are left out.
    bars: tuple[int, ...]
    remedy: Remedy
    # The newest delivery of the cause.
    example: int
    # The ruleset after whose activation the first one failed; "" if there is none.
    ruleset: str

    @property
    def shown(self) -> str:
        """What was said, without personal content."""
        return veiled_text(self.said)

    @property
    def filter(self) -> str:
        """The filter of deliveries that lists them; of a failed rule it may list more."""
        words = {"code": self.code, "rule": self.rule, "connection": self.connection}
        said = (f"{name}:{_word(value)}" for name, value in words.items() if value)
        return " ".join((f"state:{self.state}", *said))


@dataclass(frozen=True, kw_only=True, slots=True)
class Causes:
    """The causes, the largest first, and how many deliveries they stand for; more exist if not `complete`."""

    causes: tuple[Cause, ...]
    total: int
    complete: bool


def listed(database: Database, state: State, now: datetime) -> Causes:
    """Every cause of dead letters, or of held deliveries."""
    with database.read() as tx:
        total = causes.total(tx, state)
        groups = causes.groups(tx, state) if total else ()
        since = now - BARS * WIDTH
        counts = causes.per_bucket(tx, state, since, WIDTH) if total else {}
        activated = [causes.activation_before(tx, group.first) for group in groups]
    found = tuple(
        _cause(group, tuple(counts.get((group.key, n), 0) for n in range(BARS)), before)
        for group, before in zip(groups, activated)
    )
    counted = sum(cause.count for cause in found)
    return Causes(causes=found, total=total, complete=counted >= total)


def named(database: Database, id: str, now: datetime) -> Cause:
    """The cause with this id. Raises NoSuchCause."""
    every = (
        cause
        for state in (State.DEAD, State.HELD)
        for cause in listed(database, state, now).causes
    )
    found = next((cause for cause in every if cause.id == id), None)
    if found is None:
        raise NoSuchCause(
            f"there is no cause {id} any more: `bridge causes` lists them"
        )
    return found


def ids(database: Database, cause: Cause, limit: int) -> list[int]:
    """The deliveries of a cause, oldest first."""
    key = Key(
        state=cause.state,
        code=cause.code,
        rule=cause.rule,
        connection=cause.connection,
        said=cause.said,
    )
    with database.read() as tx:
        return causes.ids(tx, key, limit=limit)


def as_row(cause: Cause) -> dict[str, object]:
    """A cause as every face shows it in JSON."""
    row = {**asdict(cause), "state": cause.state.value, "filter": cause.filter}
    row["said"] = cause.shown
    return {**row, "bars": [*cause.bars], "remedy": asdict(cause.remedy)}


def _cause(
    group: Group, bars: Sequence[int], activated: tuple[str, datetime] | None
) -> Cause:
    key, ruleset = group.key, ""
    if activated and group.first - activated[1] < _SOON:
        ruleset = activated[0]
    return Cause(
        id=_id(key),
        **asdict(key),
        count=group.count,
        tickets=group.tickets,
        first=group.first,
        last=group.last,
        bars=tuple(bars),
        remedy=remedy(key.code, key.state),
        example=group.newest,
        ruleset=ruleset,
    )


def _id(key: Key) -> str:
    """The same for the same key, on every host."""
    return hashlib.sha256(json.dumps([*asdict(key).values()])).hexdigest()[:12]


def _word(value: str) -> str:
    return f'"{value}"' if any(map(str.isspace, value)) else value
