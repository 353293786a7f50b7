"""Helpers that make numbers of times: the time between two, and what a calendar or a clock shows."""

import datetime as _dt
from decimal import Decimal
from typing import Annotated, Final

from bridge.mapping.functions.catalogue import Example, helper
from bridge.mapping.functions.time import Zone, within
from bridge.mapping.values import moments, numbers
from bridge.mapping.values.complaints import chosen
from bridge.mapping.values.moments import Moment
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import Number

_SECONDS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_TICKS: Final = {"seconds": 1, "milliseconds": 1_000}  # of a second


def known_unit(unit: str) -> int:
    """The seconds of a unit. Raises E302 for another word."""
    return chosen(unit, _SECONDS, "unit of time")


def known_tick(unit: str) -> int:
    """How many of a unit make a second. Raises E302 for another word."""
    return chosen(unit, _TICKS, "unit of time")


Unit = Annotated[str, known_unit]
Tick = Annotated[str, known_tick]


@helper(
    "time",
    steps=12,
    errors=("E302", "E306"),
    examples=(
        Example(
            "event.closed | diff(event.opened, 'hours')",
            {
                "event": {
                    "opened": "2024-05-03T10:00:00Z",
                    "closed": "2024-05-03T11:30:00Z",
                }
            },
            Decimal("1.5"),
        ),
        Example("1714730400 | diff(1714727400, 'minutes')", {}, 50),
    ),
)
def diff(value: Moment, start: Moment, unit: Unit = "seconds") -> Number:
    """How much later the time is than `start`, negative where it is earlier, in seconds, minutes, hours or days of 24
    hours. With its fraction: `| round(1)` shortens it, `// 1` drops it."""
    seconds = known_unit(unit)
    gap = moments.moment(value) - moments.moment(start)
    microseconds = gap // _dt.timedelta(microseconds=1)
    exact = numbers.divide(microseconds, 1_000_000 * seconds)
    whole = numbers.whole(exact)
    return exact if whole is None else whole


@helper(
    "time",
    steps=6,
    errors=("E302", "E306"),
    examples=(
        Example("'2024-05-03T10:00:00Z' | epoch", {}, 1714730400),
        Example(
            "event.at | epoch('milliseconds')",
            {"event": {"at": "2024-05-03T10:00:00.5Z"}},
            1714730400500,
        ),
    ),
)
def epoch(value: Moment, unit: Tick = "seconds") -> int:
    """The seconds or milliseconds since 1970 began in UTC, without a fraction. What such a number says is read by every
    helper for times."""
    tick = _dt.timedelta(seconds=1) / known_tick(unit)
    return (moments.moment(value) - moments.EPOCH) // tick


@helper(
    "time",
    steps=10,
    errors=("E306",),
    examples=(
        Example("1714730400 | weekday", {}, 5),
        Example(
            "event.at | weekday('Asia/Ho_Chi_Minh')",
            {"event": {"at": "2024-05-03T18:00:00Z"}},
            6,
        ),
    ),
)
def weekday(scope: Scope, value: Moment, tz: Zone | None = None) -> int:
    """The day of the week in a zone, from 1 for Monday to 7 for Sunday. Its English name: `| datetime('%A')`."""
    return within(scope, value, tz).isoweekday()


@helper(
    "time",
    steps=10,
    errors=("E306",),
    examples=(
        Example("1714730400 | month", {}, 5),
        Example(
            "event.at | month('America/Santiago')",
            {"event": {"at": "2024-05-01T02:00:00Z"}},
            4,
        ),
    ),
)
def month(scope: Scope, value: Moment, tz: Zone | None = None) -> int:
    """The month in a zone, from 1 to 12. Its English name: `| datetime('%B')`."""
    return within(scope, value, tz).month


@helper(
    "time",
    steps=10,
    errors=("E306",),
    examples=(
        Example("1714730400 | hour", {}, 10),
        Example(
            "event.at | hour('Asia/Kolkata')",
            {"event": {"at": "2024-05-03T10:00:00Z"}},
            15,
        ),
    ),
)
def hour(scope: Scope, value: Moment, tz: Zone | None = None) -> int:
    """The hour of the day in a zone, from 0 to 23."""
    return within(scope, value, tz).hour
