"""Times out of numbers and text. Pure but for the zones, which come from the IANA database.

Every time made here is aware and in UTC.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from bridge.did_you_mean import nearest, question
from bridge.mapping.values import numbers
from bridge.mapping.values.formats import OFFSET, bad_time, local, pattern
from bridge.mapping.values.value import ExpressionError, Number

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_BELOW: Final = 10**11  # larger numbers are milliseconds: 1973 and later
_MILLISECONDS_BELOW: Final = 10**14
_LONGEST_ZONE: Final = 32
_ABBREVIATIONS: Final = {
    "IST": "Asia/Kolkata",
    "ICT": "Asia/Ho_Chi_Minh",
    "BRT": "America/Sao_Paulo",
    "BRST": "America/Sao_Paulo",
    "CLT": "America/Santiago",
    "CLST": "America/Santiago",
    "ART": "America/Argentina/Buenos_Aires",
    "COT": "America/Bogota",
    "PET": "America/Lima",
    "VET": "America/Caracas",
    "WIB": "Asia/Jakarta",
    "MYT": "Asia/Kuala_Lumpur",
    "PHT": "Asia/Manila",
    "HKT": "Asia/Hong_Kong",
    "SGT": "Asia/Singapore",
    "JST": "Asia/Tokyo",
    "CEST": "Europe/Berlin",
    "BST": "Europe/London",
    "EDT": "America/New_York",
    "PDT": "America/Los_Angeles",
    "PST": "America/Los_Angeles",
}
_OFFSET_NAME: Final = re.compile(
    r"(?:UTC|GMT)? ?(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::?(?:00|(?P<minutes>[0-9]{2})))?",
    re.IGNORECASE,
)
_ZONE_HELP: Final = "use a name like 'America/Santiago' or 'UTC'"

# Fewer digits could be a date without marks: 20240503.
_EPOCH_TEXT: Final = re.compile(r"[0-9]{9,14}")
_RFC_3339: Final = re.compile(
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})(?:[Tt ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})"
    rf"(?::(?P<S>[0-9]{{2}})(?:\.(?P<f>[0-9]{{1,9}}))?)?{OFFSET}?)?"
)


Moment: TypeAlias = str | Number | datetime  # what every helper for times takes


def out_of_range() -> ExpressionError:
    """E306 for a time that a datetime cannot hold."""
    return bad_time("the time is outside the years 1 to 9999")


@lru_cache(maxsize=1024)  # there are some 600: a sender may name them all
def zone(name: str) -> ZoneInfo:
    """The zone of a name. Raises E306 for one that the IANA database does not have."""
    try:
        return ZoneInfo(name[: 2 * _LONGEST_ZONE])
    except (KeyError, ValueError, OSError):
        raise bad_time("unknown time zone", _ZONE_HELP) from None


def written_zone(name: str) -> None:
    """Raises E306 as `zone` does, and says what was meant. Looking for that takes too long to be done for an event."""
    try:
        zone(name)
    except ExpressionError:
        help = question(_near_zone(name)) or _ZONE_HELP
        raise bad_time("unknown time zone", help) from None


def _near_zone(name: str) -> str:
    """The zone that was meant, "" for none. Letters alone may stand for several: the likeliest is meant."""
    if meant := _ABBREVIATIONS.get(name.upper()):
        return meant
    if offset := _OFFSET_NAME.fullmatch(name):
        sign = "-" if offset["sign"] == "+" else "+"  # these names count to the west
        etc = f"Etc/GMT{sign}{int(offset['hours'])}"
        return etc if not offset["minutes"] and etc in available_timezones() else ""
    places = {zone for zone in available_timezones() if "/" in zone}
    return nearest(name[:_LONGEST_ZONE], places)


def moment(value: Moment, fmt: str | None = None, tz: str | None = None) -> datetime:
    """The time that a value is. Raises E306 for one that is none."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return from_epoch(value)
    if fmt is None and _EPOCH_TEXT.fullmatch(value):
        return from_epoch(int(value))
    return read(value, fmt, tz)


def within(value: Moment, tz: str) -> datetime:
    """The time that a value is, in a zone."""
    try:
        return moment(value).astimezone(zone(tz))
    except OverflowError:
        raise out_of_range() from None


def read(text: str, fmt: str | None, tz: str | None) -> datetime:
    """The time that a text gives in a format, RFC 3339 for None. `tz` is the zone of a text without offset."""
    found = (_RFC_3339 if fmt is None else pattern(fmt)).fullmatch(text)
    if found is None:
        raise bad_time(
            "this text is not a time in the expected form",
            "give its format: | parse_date('%d/%m/%Y %H:%M', 'America/Santiago')",
        )
    part = {code: digits for code, digits in found.groupdict().items() if digits}
    try:
        here = local(part).replace(tzinfo=_tzinfo(part.get("z"), tz))
        return here.astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_time("this time does not exist in the calendar") from None


def from_epoch(value: Number) -> datetime:
    """The time of epoch seconds or milliseconds, told apart by size; fractions to the microsecond."""
    value = numbers.bounded(value)
    size = numbers.negative(value) if value < 0 else value
    if size >= _MILLISECONDS_BELOW:
        raise bad_time(
            "the number is too large for epoch seconds or milliseconds",
            "divide it first: / 1000 for microseconds",
        )
    factor = 1_000_000 if size < _SECONDS_BELOW else 1_000
    microseconds = numbers.multiply(value, factor)
    if not isinstance(microseconds, int):
        microseconds = int(numbers.rounded(microseconds, 0, "floor"))
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise out_of_range() from None


def _tzinfo(offset: str | None, tz: str | None) -> tzinfo:
    if offset in ("Z", "z"):
        return UTC
    if offset:
        span = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
        return timezone(-span if offset[0] == "-" else span)
    if tz is None:
        raise bad_time(
            "this time has no offset, so it needs a zone",
            "name it: | parse_date(tz='America/Santiago')",
        )
    return zone(tz)
