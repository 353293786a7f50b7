"""The filter language, for the terminal and every other face: words to conditions. Pure.

    state:dead source:stripe rule:paid* -connection:vambe since:24h "no such ticket"

A word is `key:value`, `-key:value` to exclude, or text that the reason must contain. `*` in a value matches anything;
a value with spaces needs double quotes. Several values of one key: any of them; different keys: all of them.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bridge.did_you_mean import did_you_mean
from bridge.errors import BridgeError
from bridge.state import State
from bridge.store.filtering import CHOICES, KEYS, MOMENTS, Condition, Filter, Kind

MAX_LENGTH = 1_000  # characters

_WORD = re.compile(r'(-?)(?:([A-Za-z_]+):)?(?:"([^"]*)"|([^\s"]*))(?=\s|$)')
_AGO = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ID = re.compile(r"[0-9]{1,18}")


class BadFilter(BridgeError):
    """A filter that cannot be read; the message names the word and the correction."""

    reason = "bad_filter"
    exit_code = 2


def parse(text: str, kind: Kind, now: datetime) -> Filter:
    """The conditions of a filter. Raises BadFilter, and never anything else."""
    if len(text) > MAX_LENGTH:
        raise BadFilter(f"the filter is longer than {MAX_LENGTH} characters")
    if not all(char.isprintable() or char in " \t\n" for char in text):
        raise BadFilter("the filter contains a control character: remove it")
    return tuple(
        _condition(dash, key, value, kind, now) for dash, key, value in _words(text)
    )


def _words(text: str) -> Iterator[tuple[str, str, str]]:
    """Dash, key and value of each word; the key is empty for text."""
    at, text = 0, text.strip()
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None:
            raise BadFilter(
                f'a quote is not closed, or stands inside a word: {text[at:]}: write key:"two words"'
            )
        dash, key, quoted, bare = word.groups()
        yield dash, key or "", bare if quoted is None else quoted
        at = word.end()
        at += len(text[at:]) - len(text[at:].lstrip())


def _condition(dash: str, key: str, value: str, kind: Kind, now: datetime) -> Condition:
    negated = bool(dash)
    if not key:
        if not value:
            raise BadFilter("the filter contains an empty word: remove it")
        return Condition(key="reason", value=value, negated=negated)
    known = {"status": "state"}.get(key, key)
    if known not in KEYS[kind]:
        raise BadFilter(f"{kind} have no '{key}'{_nearest(key, KEYS[kind])}")
    if not value:
        raise BadFilter(
            f"'{key}:' has no value: write, for example, {key}:{_EXAMPLES[known]}"
        )
    if known in MOMENTS:
        return Condition(key=known, value=moment(known, value, now), negated=negated)
    choices = CHOICES[kind].get(known)
    if choices and "*" not in value and value not in choices:
        raise BadFilter(f"no {kind} have {key} '{value}'{_nearest(value, choices)}")
    is_id = known == "event" and _ID.fullmatch(value)
    return Condition(key=known, value=int(value) if is_id else value, negated=negated)


_EXAMPLES = {
    "state": State.DEAD,
    "outcome": "error",
    "source": "stripe",
    "rule": "paid*",
    "connection": "vambe-cl",
    "ticket": "4711",
    "operation": "vambe.*",
    "code": "http_404",
    "type": "invoice.*",
    "event": "17",
    "since": "24h",
    "until": "2026-05-03",
}


def moment(key: str, value: str, now: datetime) -> datetime:
    """`24h` before now, a date, or a time; without a zone it is UTC. `until` a date includes that day."""
    try:
        if ago := _AGO.fullmatch(value):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        time = datetime.fromisoformat(value)
        if _DATE.fullmatch(value) and key == "until":
            time += timedelta(days=1)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadFilter(
            f"'{key}:{value}' is not a time: write 24h, 7d, 2026-05-03 or 2026-05-03T14:30"
        ) from None


def _nearest(word: str, known: tuple[str, ...]) -> str:
    near = did_you_mean(word, known, 0.7)
    return f", {near}" if near else f": one of {', '.join(known)}"
