"""Points in time as senders write them. Nothing here guesses a time zone: a data file or mapping file states it.

Read are epoch numbers (seconds to nanoseconds, told apart by size), RFC 3339 in its loose forms, the same without
marks (14 digits), RFC 2822, X's own order of the same words, and .NET's `/Date(…)/`. Times that programs write for
"none" (epoch 0, the year 1) are no times.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from bridge.model import Json
from bridge.providers.source import Unreadable

UNITS = ("s", "ms", "iso", "auto")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# As seconds the year 5138, as milliseconds 1973: what tells them apart. The same between milliseconds and microseconds,
# and between those and nanoseconds.
_FIRST_MS = 10**11
_SCALES = ((_FIRST_MS, 10**6), (10**14, 10**3), (10**17, 1))
_DIGITS = re.compile(r"[0-9]{1,13}")
_NUMBER = re.compile(r"[0-9]{1,19}(\.[0-9]{1,9})?")
_DOTNET = re.compile(r"/Date\((?P<ms>[0-9]{1,14})(?:[+-][0-9]{4})?\)/")
_RFC3339 = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]"
    r"(?P<clock>[0-9]{2}:[0-9]{2})(?P<second>:[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r" ?(?P<offset>[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
# 20260401120000: an epoch in milliseconds has 13 digits until the year 2286, in microseconds 16.
_UNMARKED = re.compile(
    r"(?P<day>[0-9]{8})T?(?P<clock>[0-9]{4})(?P<second>[0-9]{2})(?P<offset>[Zz]|[+-][0-9]{4})?"
)
# RFC 2822, section 3.3; the parser alone would take much more, and guess.
_RFC2822 = re.compile(
    r"(?:[A-Z][a-z]{2}, ?)?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
    r" (?:[+-][0-9]{4}|GMT|UTC|UT)"
)
# As X writes it: Wed Oct 10 20:19:24 +0000 2018.
_CTIME = re.compile(
    r"[A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) (?P<day>[ 0-9]?[0-9])"
    r" (?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2}) (?P<offset>[+-][0-9]{4}) (?P<year>[0-9]{4})"
)


def instant(value: Json, zone: str = "") -> datetime | None:
    """The time that a value names, in UTC; None for what is no time, or lies outside the years 2 to 9999.

    `zone` is the IANA name for a text without an offset; without one such a text is no time.
    """
    try:
        moment = _read(value, zone)
    except (ValueError, OverflowError):
        return None
    return None if moment is None or moment.year < 2 or moment == _EPOCH else moment


def milliseconds(text: str, unit: str) -> int:
    """A signature's timestamp in epoch milliseconds. Raises Unreadable for all but plain digits or RFC 3339."""
    if unit == "iso":
        moment = instant(text) if _RFC3339.fullmatch(text) else None
        if moment is None:
            raise Unreadable("the timestamp is not RFC 3339", "bad_timestamp")
        return epoch_ms(moment)
    if not _DIGITS.fullmatch(text):
        raise Unreadable("the timestamp is not 1 to 13 digits", "bad_timestamp")
    number = int(text)
    in_ms = unit == "ms" or (unit == "auto" and number >= _FIRST_MS)
    return number if in_ms else number * 1_000


def epoch_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970; an aware datetime."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def stamp(moment: datetime, unit: str) -> str:
    """A time as a sender with that unit writes it."""
    if unit == "iso":
        text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    ms = epoch_ms(moment)
    return str(ms if unit == "ms" else ms // 1_000)


@lru_cache(maxsize=256)
def known_zone(name: str) -> tzinfo:
    """The zone of an IANA name. Raises ValueError for another."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone '{name[:40]}'") from None


def _read(value: Json, zone: str) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    text = str(value)
    if len(text) > 64:
        return None
    if found := _RFC3339.fullmatch(text):
        return _rfc3339(found, zone)
    if found := _UNMARKED.fullmatch(text):
        return _unmarked(found, zone)
    if _NUMBER.fullmatch(text):
        return _epoch(Decimal(text))
    if found := _DOTNET.fullmatch(text):
        return _EPOCH + timedelta(milliseconds=int(found["ms"]))
    if found := _CTIME.fullmatch(text):
        text = "{day} {month} {year} {clock} {offset}".format(
            **found.groupdict()
        ).strip()
    if _RFC2822.fullmatch(text):
        moment = parsedate_to_datetime(text)  # naive for -0000, which is UTC, too
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return None


def _epoch(number: Decimal) -> datetime:
    """Nanoseconds are cut to microseconds, which is what a datetime holds."""
    scale = next((factor for limit, factor in _SCALES if number < limit), None)
    micros = number / 1_000 if scale is None else number * scale
    return _EPOCH + timedelta(microseconds=int(micros))


def _rfc3339(found: re.Match[str], zone: str) -> datetime | None:
    """Also with a blank for the T, without seconds, and with UTC for the Z."""
    second = (found["second"] or ":00").replace(",", ".")
    local = datetime.fromisoformat(f"{found['day']}T{found['clock']}{second}")
    return _placed(local, found["offset"], zone)


def _unmarked(found: re.Match[str], zone: str) -> datetime | None:
    """As RFC 3339 with its marks left out."""
    text = f"{found['day']}T{found['clock']}{found['second']}"
    return _placed(datetime.fromisoformat(text), found["offset"], zone)


def _placed(local: datetime, offset: str | None, zone: str) -> datetime | None:
    """The moment of a clock that shows `local`; None where nobody says where it hangs."""
    if offset is None:
        return local.replace(tzinfo=known_zone(zone)).astimezone(UTC) if zone else None
    if offset in ("Z", "z", "UTC", "GMT"):
        return local.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{local.isoformat()}{offset}").astimezone(UTC)
