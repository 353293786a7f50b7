"""The filter language, for the terminal and every other face: words to conditions. Pure.

    state:dead source:stripe rule:paid* -connection:vambe since:24h payload.data.id=ch_1 "no such ticket"

A word is `key:value`, a place in the content (`payload.…=value`), or text that a reason or the content must contain;
a dash before it excludes. `*` in a value matches anything; a value with spaces needs double quotes. Several values of
one key: any of them; different keys: all of them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bridge.did_you_mean import did_you_mean
from bridge.errors import BridgeError
from bridge.state import State
from bridge.store.filtering import (
    CHOICES,
    CONTENT,
    KEYS,
    MOMENTS,
    TEXT,
    Condition,
    Filter,
    Kind,
    is_content,
)

MAX_LENGTH = 1_000  # characters
MAX_WORDS = 30

# How far content is searched, where the filter does not say so.
WINDOW = timedelta(hours=24)

_WORD = re.compile(
    r'(-?)(?:([A-Za-z_]+):|((?:payload|headers)(?:\.[^\s"=]+)?=))?(?:"([^"]*)"|([^\s"]*))(?=\s|$)'
)
_EQUALS = re.compile(r"([A-Za-z_]+)=")
_AGO = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ID = re.compile(r"[0-9]{1,18}")
_PLAIN = re.compile(r'[^\s"]+')
_NUMBERS = ("id", "event")


class BadFilter(BridgeError):
    """A filter that cannot be read: `at` and `length` say where in its `text`, `message` why, `help` what to write."""

    reason = "bad_filter"
    exit_code = 2

    def __init__(
        self, message: str, text: str = "", at: int = 0, length: int = 0, help: str = ""
    ) -> None:
        super().__init__(f"{message}{help}")
        self.message, self.help = message, help.lstrip(",: ")
        self.text, self.at, self.length = text, at, length

    def drawn(self) -> str:
        """The text, and carets below the part that is meant."""
        line = "".join(one if one.isprintable() else " " for one in self.text)
        return f"{line}\n{' ' * self.at}{'^' * max(self.length, 1)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One word of a filter, and where it stands. The key of free text is ""."""

    key: str
    value: str
    negated: bool
    text: str
    at: int

    @property
    def length(self) -> int:
        """Characters."""
        return len(self.text)


def parse(text: str, kind: Kind, now: datetime, *, act: bool = False) -> Filter:
    """The conditions of a filter. Raises BadFilter, and never anything else.

    Content is looked for in the last WINDOW, where the filter names neither a time nor an event. `act` refuses a filter
    that names nothing: whoever acts on everything has to say so.
    """
    found = words(text)
    if act and not found:
        raise BadFilter("the filter is empty: name what to act on")
    where = tuple(_condition(one, text, kind, now) for one in found)
    named = {one.key for one in where if not one.negated} & {"since", *_NUMBERS}
    if named or not any(map(is_content, where)):
        return where
    return (*where, Condition(key="since", value=now - WINDOW))


def window(where: Filter, now: datetime) -> datetime | None:
    """Since when content is looked for by itself; None where it is not, or all of it is."""
    since = now - WINDOW
    last = where[-1] if where and any(map(is_content, where)) else None
    return since if last == Condition(key="since", value=since) else None


def word(key: str, value: str, *, negated: bool = False) -> str:
    """One word as it is written in a filter. Raises BadFilter where it cannot be: a value cannot hold a quote."""
    if '"' in value or not value:
        raise BadFilter(f"a filter cannot hold this value of '{key}'", value)
    dash = "-" if negated else ""
    sign = "" if not key else "=" if key.startswith(CONTENT) else ":"
    bare = key and _PLAIN.fullmatch(value)
    return f"{dash}{key}{sign}{value}" if bare else f'{dash}{key}{sign}"{value}"'


@lru_cache(maxsize=64)
def words(text: str) -> tuple[Word, ...]:
    """The words of a filter, in order. Raises BadFilter. A list of rows asks for each cell what may be added."""
    if len(text) > MAX_LENGTH:
        raise BadFilter(
            f"the filter is longer than {MAX_LENGTH} characters",
            text[:MAX_LENGTH],
            MAX_LENGTH - 1,
        )
    for at, char in enumerate(text):
        if not char.isprintable() and char not in " \t\n":
            raise BadFilter(
                "the filter contains a control character: remove it", text, at, 1
            )
    found = (*_words(text),)
    if len(found) > MAX_WORDS:
        last = found[MAX_WORDS]
        raise BadFilter(
            f"the filter has more than {MAX_WORDS} words", text, last.at, last.length
        )
    return found


def _words(text: str) -> Iterator[Word]:
    at = len(text) - len(text.lstrip())
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            rest = text[at:].split(maxsplit=1)[0]
            raise BadFilter(
                f"a quote is not closed, or stands inside a word: {rest}",
                text,
                at,
                len(rest),
                ': write key:"two words"',
            )
        dash, key, place, quoted, bare = match.groups()
        yield Word(
            key=key or (place or "").removesuffix("="),
            value=bare if quoted is None else quoted,
            negated=bool(dash),
            text=match[0],
            at=at,
        )
        at = match.end()
        at += len(text[at:]) - len(text[at:].lstrip())


def _condition(one: Word, text: str, kind: Kind, now: datetime) -> Condition:
    key, value = one.key, one.value

    def bad(message: str, help: str = "") -> BadFilter:
        return BadFilter(message, text, one.at, one.length, help)

    if not key:
        return Condition(key=TEXT, value=_free(one, kind, bad), negated=one.negated)
    if key in ("payload", "headers"):
        raise bad(f"'{key}=' names no place in it", f": write {key}.id={value or 1}")
    known = {"status": "state"}.get(key, key)
    if known not in KEYS[kind] and not (
        _has_content(kind) and known.startswith(CONTENT)
    ):
        raise bad(f"{_NOUNS[kind]} have no '{key}'", _nearest(key, KEYS[kind]))
    if not value.strip():
        sign = "=" if known.startswith(CONTENT) else ":"
        example = f"{key}{sign}{_EXAMPLES.get(known, 'paid')}"
        raise bad(f"'{key}{sign}' has no value", f": write, for example, {example}")
    if known in MOMENTS:
        try:
            return Condition(
                key=known, value=moment(known, value, now), negated=one.negated
            )
        except BadFilter as error:
            raise bad(error.message) from None
    choices = CHOICES[kind].get(known)
    if choices and "*" not in value and value not in choices:
        raise bad(f"no {_NOUNS[kind]} have {key} '{value}'", _nearest(value, choices))
    if known == "id" and not _ID.fullmatch(value):
        raise bad(
            f"'id:{value}' is not a number",
            ": write id:17, or event: for a sender's id",
        )
    number = known in _NUMBERS and _ID.fullmatch(value)
    return Condition(
        key=known, value=int(value) if number else value, negated=one.negated
    )


def _free(one: Word, kind: Kind, bad: Callable[..., BadFilter]) -> str:
    if not one.value.strip():
        raise bad("the filter contains an empty word: remove it")
    written = _EQUALS.match(one.value)
    if written and '"' not in one.text and written[1] in KEYS[kind]:
        key, value = written[1], one.value[written.end() :]
        raise bad(f"'{one.value}' is not a word of a filter", f": write {key}:{value}")
    return one.value


def _has_content(kind: Kind) -> bool:
    return kind != "refused"


_NOUNS: dict[Kind, str] = {
    "events": "events",
    "deliveries": "deliveries",
    "received": "events",
    "refused": "refused requests",
}
_EXAMPLES = {
    "id": "17",
    "is": "duplicate",
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
    "reason": "wrong_signature",
    "path": "/hooks/*",
    "remote": "203.0.113.9",
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
