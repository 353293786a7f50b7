"""Times out of numbers and text, and back into text. Pure but for the zones, which come from the IANA database.

Formats are a small subset of strftime, written out below because the C library's differ between machines and locales.
Every time made here is aware and in UTC.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from bridge.mapping.helpers import numbers
from bridge.mapping.helpers.limits import check_text
from bridge.mapping.helpers.values import ExpressionError, Number

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_BELOW: Final = 10**11  # larger numbers are milliseconds: 1973 and later
_MILLISECONDS_BELOW: Final = 10**14
_LONGEST_FORMAT: Final = 200
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
    "WIB": "Asia/Jakarta",
    "SGT": "Asia/Singapore",
    "JST": "Asia/Tokyo",
    "CEST": "Europe/Berlin",
    "BST": "Europe/London",
    "EDT": "America/New_York",
    "PDT": "America/Los_Angeles",
    "PST": "America/Los_Angeles",
}
_ZONE_HELP: Final = "use a name like 'America/Santiago' or 'UTC'"

_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_OFFSET: Final = "(?P<z>[Zz]|[+-][0-9]{2}:?[0-9]{2})"

# code → how it is written, how it is read; a group is named by its code
_CODES: Final[Mapping[str, tuple[Callable[[datetime], str], str]]] = {
    "%Y": (lambda t: f"{t.year:04}", "(?P<Y>[0-9]{4})"),
    "%y": (lambda t: f"{t.year % 100:02}", "(?P<y>[0-9]{2})"),
    "%m": (lambda t: f"{t.month:02}", "(?P<m>[0-9]{1,2})"),
    "%b": (lambda t: _MONTHS[t.month - 1], f"(?P<b>{'|'.join(_MONTHS)})"),
    "%d": (lambda t: f"{t.day:02}", "(?P<d>[0-9]{1,2})"),
    "%H": (lambda t: f"{t.hour:02}", "(?P<H>[0-9]{1,2})"),
    "%M": (lambda t: f"{t.minute:02}", "(?P<M>[0-9]{2})"),
    "%S": (lambda t: f"{t.second:02}", "(?P<S>[0-9]{2})"),
    "%f": (lambda t: f"{t.microsecond:06}", "(?P<f>[0-9]{1,9})"),
    "%z": (lambda t: _offset(t, ""), _OFFSET),
    "%:z": (lambda t: _offset(t, ":"), _OFFSET),
    "%%": (lambda t: "%", "%"),
}
_PART: Final = re.compile(r"%:?.|[^%]+|%", re.DOTALL)
_RFC_3339: Final = re.compile(
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})(?:[Tt ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})"
    rf"(?::(?P<S>[0-9]{{2}})(?:\.(?P<f>[0-9]{{1,9}}))?)?{_OFFSET}?)?"
)


def bad_time(message: str, help: str = "") -> ExpressionError:
    """E306."""
    return ExpressionError("E306", message, help=help)


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
        near = _near_zone(name)
        help = f"did you mean '{near}'?" if near else _ZONE_HELP
        raise bad_time("unknown time zone", help) from None


def _near_zone(name: str) -> str:
    """The zone that was meant, "" for none. Letters alone may stand for several: the likeliest is meant."""
    if meant := _ABBREVIATIONS.get(name.upper()):
        return meant
    places = {zone for zone in available_timezones() if "/" in zone}
    return next(iter(get_close_matches(name[:_LONGEST_ZONE], places, n=1)), "")


@lru_cache(maxsize=256)
def parts(fmt: str) -> tuple[str, ...]:
    """A format as codes and the text between them. Raises E306 for a code that is not known."""
    if len(fmt) > _LONGEST_FORMAT:
        raise bad_time(f"a time format has at most {_LONGEST_FORMAT} characters")
    found = tuple(_PART.findall(fmt))
    if not any(part[0] == "%" for part in found):
        raise bad_time("a time format without codes", "write it like '%Y-%m-%d'")
    if any(part[0] == "%" and part not in _CODES for part in found):
        raise bad_time(
            "unknown code in a time format", f"the codes are {' '.join(_CODES)}"
        )
    return found


def write(time: datetime, fmt: str) -> str:
    """The time in a format, in the zone that it is in."""
    text = [_CODES[part][0](time) if part in _CODES else part for part in parts(fmt)]
    check_text(sum(map(len, text)))
    return "".join(text)


def read(text: str, fmt: str | None, tz: str | None) -> datetime:
    """The time that a text gives in a format, RFC 3339 for None. `tz` is the zone of a text without offset."""
    pattern = _RFC_3339 if fmt is None else _pattern(fmt)
    found = pattern.fullmatch(text)
    if found is None:
        raise bad_time(
            "this text is not a time in the expected form",
            "name its form: | parse_date('%d/%m/%Y %H:%M', 'America/Santiago')",
        )
    part = {code: digits for code, digits in found.groupdict().items() if digits}
    try:
        local = _local(part).replace(tzinfo=_tzinfo(part.get("z"), tz))
        return local.astimezone(UTC)
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
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise out_of_range() from None


@lru_cache(maxsize=256)
def _pattern(fmt: str) -> re.Pattern[str]:
    codes = [part for part in parts(fmt) if part in _CODES and part != "%%"]
    kinds = {code[-1] for code in codes}
    complete = kinds & {"Y", "y"} and kinds & {"m", "b"} and "d" in kinds
    if not complete or len(kinds) < len(codes):
        raise bad_time("a format to read has year, month and day, and each code once")
    return re.compile(
        "".join(
            _CODES[part][1] if part in _CODES else re.escape(part)
            for part in parts(fmt)
        )
    )


def _local(part: Mapping[str, str]) -> datetime:
    """Date and clock of a match's groups, without a zone. What is not named is 0."""
    return datetime(
        int(part["Y"]) if "Y" in part else 2000 + int(part["y"]),
        int(part["m"]) if "m" in part else _MONTHS.index(part["b"]) + 1,
        int(part["d"]),
        int(part.get("H", "0")),
        int(part.get("M", "0")),
        int(part.get("S", "0")),
        int(part.get("f", "0").ljust(6, "0")[:6]),
    )


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


def _offset(time: datetime, colon: str) -> str:
    seconds = int((time.utcoffset() or timedelta()).total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{colon}{minutes:02}"
