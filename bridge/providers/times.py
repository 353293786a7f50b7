"""Points in time as senders write them: epoch seconds or milliseconds, RFC 3339. Nothing here guesses a time zone."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bridge.model import Json
from bridge.providers.source import Unreadable

UNITS = ("s", "ms", "iso", "auto")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = (
    10**11
)  # as seconds the year 5138, as milliseconds 1973: what tells them apart
_DIGITS = re.compile(r"[0-9]{1,13}")
_NUMBER = re.compile(r"[0-9]{1,13}(\.[0-9]{1,9})?")
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)


def instant(value: Json) -> datetime | None:
    """The time that an event names, in UTC; None for what is no time, has no zone, or lies outside years 1 to 9999."""
    try:
        if isinstance(value, str) and _RFC3339.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
            return None
        number = Decimal(str(value))
        scale = 1_000 if number >= _FIRST_MS else 1_000_000
        return _EPOCH + timedelta(microseconds=int(number * scale))
    except (ValueError, OverflowError):
        return None


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
