"""What an answer's Retry-After asks for, in seconds. Pure: `now` is given.

Vendors write seconds, a date, or the moment as a number since 1970. A moment is theirs, by their own clock: where the
answer says what time it is there, the wait is the time between the two, however wrong that clock is.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from bridge.model import Retries

MOST = 3_600.0  # seconds that a header may ask for, where the rule allows no more

_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,9})?")
# Nobody waits for 31 years: from here on a number is a moment, 10 ** 9 s after 1970 being in 2001.
_MOMENT = 10.0**9
# Seconds since 1970 stay below this until the year 5138: above it they are thousandths, or thousandths of those.
_FINER = 10.0**11
_LONGEST = 64  # characters of a date


def asked(headers: Mapping[str, str], now: datetime, retries: Retries) -> float:
    """Seconds that an answer asks to wait, at most as many as the rule's retries allow.

    0 where it asks for none, or in words that mean nothing. `headers` have lower-case names.
    """
    if not (said := headers.get("retry-after")):
        return 0.0
    there = _date(headers.get("date", "")) or now
    seconds = retry_after(said, there) or 0.0
    most = MOST if retries.max_retry_after is None else retries.max_retry_after
    return min(seconds, most)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After asks to wait; None for what is neither a number nor a date.

    Reads seconds, seconds or milliseconds since 1970, the three date forms of RFC 9110, section 5.6.7, and ISO 8601.
    What lies in the past is 0.
    """
    text = value.strip()
    if _NUMBER.fullmatch(text):
        seconds = _from_number(float(text), now)
    else:
        moment = _date(text) or _iso(text)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    return max(seconds, 0.0)


def _from_number(number: float, now: datetime) -> float:
    if number < _MOMENT:
        return number
    while number >= _FINER:
        number /= 1_000
    return number - now.timestamp()


def _date(text: str) -> datetime | None:
    """Of a date as HTTP writes it. The standard library's reader needs no locale, and takes the old forms too."""
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        parts = parsedate_tz(text)
        if parts is None:
            return None
        zone = timezone(timedelta(seconds=parts[9])) if parts[9] else UTC
        return datetime(*parts[:6], tzinfo=zone)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _iso(text: str) -> datetime | None:
    """Of a date with its time as JSON writes it; without an offset it is UTC."""
    if len(text) > _LONGEST or not text.isascii() or "T" not in text.upper():
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None
