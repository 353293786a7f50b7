"""Helpers for times. There is no clock here: every time comes from the event.

A time without an offset needs a zone; a zone is a name of the IANA database.
"""

import datetime as _dt
from typing import Annotated, Final

from bridge.mapping.functions.catalogue import Example, helper
from bridge.mapping.values import formats, moments
from bridge.mapping.values.moments import Moment
from bridge.mapping.values.scope import Scope

_PATTERN: Final = 1_000  # steps that a format takes until it can be read

Format = Annotated[str, formats.parts]
ReadFormat = Annotated[str, formats.pattern]
Zone = Annotated[str, moments.written_zone]


@helper(
    "time",
    steps=15,
    errors=("E306",),
    examples=(
        Example("1714730400 | date", {}, "2024-05-03"),
        Example(
            "event.at | date('%d/%m/%Y', 'Asia/Ho_Chi_Minh')",
            {"event": {"at": 1714759200000}},
            "04/05/2024",
        ),
    ),
)
def date(
    scope: Scope, value: Moment, fmt: Format = "%Y-%m-%d", tz: Zone | None = None
) -> str:
    """The day of a time in a zone: without one in that of the connection (`timezone`), else in UTC. Takes what
    parse_date takes."""
    return formats.write(within(scope, value, tz), fmt)


@helper(
    "time",
    steps=15,
    errors=("E306",),
    examples=(
        Example(
            "1714730400 | datetime('%Y-%m-%d %H:%M:%S', 'Asia/Kolkata')",
            {},
            "2024-05-03 15:30:00",
        ),
        Example(
            "event.at | datetime",
            {"event": {"at": "2024-05-03T10:00:00-04:00"}},
            "2024-05-03T14:00:00+00:00",
        ),
    ),
)
def datetime_(
    scope: Scope,
    value: Moment,
    fmt: Format = "%Y-%m-%dT%H:%M:%S%:z",
    tz: Zone | None = None,
) -> str:
    """Date and time as text, in a zone: without one in that of the connection (`timezone`), else in UTC. Codes: %Y %y
    %m %b %B %d %a %A %H %I %p %M %S %f %z %:z %%, and %-d %-m %-H %-I without a leading zero; names are English.
    """
    return formats.write(within(scope, value, tz), fmt)


@helper(
    "time",
    steps=6,
    errors=("E306",),
    examples=(
        Example(
            "'2024-05-03 10:00' | parse_date(tz='America/Santiago')",
            {},
            _dt.datetime(2024, 5, 3, 14, 0, tzinfo=_dt.UTC),
        ),
        Example(
            "event.at | parse_date('%d/%m/%Y', 'UTC')",
            {"event": {"at": "03/05/2024"}},
            _dt.datetime(2024, 5, 3, tzinfo=_dt.UTC),
        ),
    ),
)
def parse_date(
    scope: Scope, value: Moment, fmt: ReadFormat | None = None, tz: Zone | None = None
) -> _dt.datetime:
    """A time: from epoch seconds or milliseconds (told apart by size), RFC 3339 text, or text in a format. `tz` is for
    text that names no offset; of an hour that a zone has twice it is the first."""
    if fmt is not None:
        scope.budget.once(fmt, _PATTERN)
    return moments.moment(value, fmt, tz)


@helper(
    "time",
    steps=6,
    errors=("E306",),
    examples=(
        Example(
            "1714730400 | plus(days=1) | datetime", {}, "2024-05-04T10:00:00+00:00"
        ),
        Example(
            "event.at | plus(hours=-2) | datetime('%H:%M')",
            {"event": {"at": "2024-05-03T10:00:00Z"}},
            "08:00",
        ),
    ),
)
def plus(
    value: Moment, days: int = 0, hours: int = 0, minutes: int = 0
) -> _dt.datetime:
    """The time so much later, or earlier where negative. A day is 24 hours, also when clocks change."""
    try:
        return moments.moment(value) + _dt.timedelta(
            days=days, hours=hours, minutes=minutes
        )
    except OverflowError:
        raise moments.out_of_range() from None


def within(scope: Scope, value: Moment, tz: str | None) -> _dt.datetime:
    """The time in a zone: the one that is named, else the connection's, else UTC."""
    return moments.within(value, scope.zone or "UTC" if tz is None else tz)
