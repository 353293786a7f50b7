"""How values look on a page: times, numbers, sizes, states. Pure."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from bridge.services.pulse import Pulse

_CODE = re.compile(r"`([^`\n]+)`")


class Look(NamedTuple):
    """How a state looks: the kind of its badge (ok, wait, warn, bad, mute), and the icon that says the same."""

    kind: str
    icon: str


_LOOKS = {
    # of deliveries
    "delivered": Look("ok", "check"),
    "waiting": Look("wait", "clock"),
    "sending": Look("wait", "send"),
    "held": Look("warn", "hand"),
    "dead": Look("bad", "cross"),
    "cancelled": Look("mute", "dash"),
    "skipped": Look("mute", "dash"),
    "shadow": Look("mute", "eye"),
    # of events
    "stored": Look("wait", "clock"),
    "fetching": Look("wait", "clock"),
    "routed": Look("ok", "check"),
    # of decisions and outcomes
    "matched": Look("ok", "check"),
    "no_match": Look("mute", "dash"),
    "error": Look("bad", "cross"),
    "refused": Look("bad", "cross"),
    "duplicate": Look("mute", "dash"),
    # of what is stopped, of bulk acts and of parts
    "paused": Look("warn", "pause"),
    "parked": Look("bad", "pause"),
    "failing": Look("warn", "clock"),
    "planned": Look("wait", "clock"),
    "running": Look("wait", "send"),
    "done": Look("ok", "check"),
    "ok": Look("ok", "check"),
    "warning": Look("warn", "warn"),
    "degraded": Look("warn", "warn"),
}
_UNKNOWN = Look("mute", "dash")
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def look(state: object) -> Look:
    """How a state looks; one that is not known looks like nothing in particular."""
    return _LOOKS.get(str(state), _UNKNOWN)


def spoken(state: object) -> str:
    """A state as people say it: `no match`."""
    return str(state).replace("_", " ")


def stamp(moment: datetime) -> str:
    """`2026-11-30T08:14:02.123Z`, for programs and for a `<time>`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def short(moment: datetime) -> str:
    """`30 Nov 08:14:02`, with the year if it is not this one. static/app.js writes local times in the same form."""
    moment = moment.astimezone(UTC)
    year = "" if moment.year == datetime.now(UTC).year else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year} {moment:%H:%M:%S}"


def time(moment: datetime | None) -> Markup:
    """A moment as a `<time>`, which the switch of times turns into local time; a dash for none."""
    if moment is None:
        return Markup('<span class="none">–</span>')
    full = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        stamp(moment), full, short(moment)
    )


def ago(moment: datetime | None, now: datetime | None = None) -> Markup:
    """`14 s ago` or `in 3 min`, with the moment itself as its title."""
    if moment is None:
        return Markup('<span class="none">–</span>')
    gone = (now or datetime.now(UTC)) - moment
    said = span(abs(gone))
    text = f"{said} ago" if gone >= timedelta() else f"in {said}"
    full = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time class="ago" datetime="{}" title="{}">{}</time>').format(
        stamp(moment), full, text
    )


def span(length: timedelta) -> str:
    """`14 s`, `3 min`, `5 h`, `12 days`."""
    seconds = int(length.total_seconds())
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 90 * 60:
        return f"{seconds // 60} min"
    if seconds < 48 * 60 * 60:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


def size(number: int | None) -> str:
    """`1.4 kB`; a dash for none."""
    if number is None:
        return "–"
    amount, unit = float(number), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return (
        f"{amount:.0f} {_UNITS[unit]}" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"
    )


def number(value: int) -> str:
    """`3,112`."""
    return f"{value:,}"


def count(value: int, what: str, more: str = "") -> str:
    """`1 event`, `3,112 events`; `more` is a plural that is not made with an s."""
    return f"{value:,} {what if value == 1 else more or what + 's'}"


def command(words: Sequence[str]) -> str:
    """A command of the terminal, quoted for a shell."""
    return shlex.join(["bridge", *words])


def printable(value: object) -> str:
    """Text in which control characters, and those that turn its direction, are written out."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else repr(char)[1:-1]
        for char in str(value)
    )


def told(text: object) -> Markup:
    """A sentence of ours, with its `commands` set as code. Whatever it quotes is text."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(printable(text)))))


def plain(value: Any) -> Any:
    """A value as JSON has it: times as RFC 3339, bytes as text."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return value


def mark(seen: Pulse) -> str:
    """The frame's numbers as one word, to tell whether they changed."""
    down = "down" if seen.unavailable else "up"
    numbers = (seen.dead, seen.held, seen.paused, seen.parked, seen.findings)
    return ".".join((*map(str, numbers), down))


FILTERS: dict[str, Callable[..., Any]] = {
    "look": look,
    "spoken": spoken,
    "stamp": stamp,
    "time": time,
    "ago": ago,
    "span": span,
    "size": size,
    "number": number,
    "count": count,
    "command": command,
    "printable": printable,
    "told": told,
    "plain": plain,
    "mark": mark,
}
TESTS: dict[str, Callable[..., bool]] = {
    "moment": lambda value: isinstance(value, datetime),
}
