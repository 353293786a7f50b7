"""Formats of times: a small subset of strftime, written out since the C library's differ by machine and locale.

Names of months and days are English. Knows codes and digits, but no zones.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from bridge.mapping.values.limits import check_text
from bridge.mapping.values.value import ExpressionError
from bridge.model import Advice

_LONGEST: Final = 200  # characters of a format
_MONTHS: Final = """January February March April May June July August September October
    November December""".split()
_DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
OFFSET: Final = "(?P<z>[Zz]|[+-][0-9]{2}:?[0-9]{2})"


def _names(code: str, names: list[str], length: int | None = None) -> str:
    return f"(?P<{code}>{'|'.join(name[:length] for name in names)})"


# code → how it is written, how it is read; a group is named by its code
_CODES: Final[Mapping[str, tuple[Callable[[datetime], str], str]]] = {
    "%Y": (lambda t: f"{t.year:04}", "(?P<Y>[0-9]{4})"),
    "%y": (lambda t: f"{t.year % 100:02}", "(?P<y>[0-9]{2})"),
    "%m": (lambda t: f"{t.month:02}", "(?P<m>[0-9]{1,2})"),
    "%b": (lambda t: _MONTHS[t.month - 1][:3], _names("b", _MONTHS, 3)),
    "%B": (lambda t: _MONTHS[t.month - 1], _names("B", _MONTHS)),
    "%a": (lambda t: _DAYS[t.weekday()][:3], _names("a", _DAYS, 3)),
    "%A": (lambda t: _DAYS[t.weekday()], _names("A", _DAYS)),
    "%d": (lambda t: f"{t.day:02}", "(?P<d>[0-9]{1,2})"),
    "%H": (lambda t: f"{t.hour:02}", "(?P<H>[0-9]{1,2})"),
    "%I": (lambda t: f"{(t.hour - 1) % 12 + 1:02}", "(?P<I>1[0-2]|0?[1-9])"),
    "%p": (lambda t: "AM" if t.hour < 12 else "PM", "(?P<p>[AaPp][Mm])"),
    "%-d": (lambda t: str(t.day), "(?P<d>[0-9]{1,2})"),
    "%-m": (lambda t: str(t.month), "(?P<m>[0-9]{1,2})"),
    "%-H": (lambda t: str(t.hour), "(?P<H>[0-9]{1,2})"),
    "%-I": (lambda t: str((t.hour - 1) % 12 + 1), "(?P<I>1[0-2]|0?[1-9])"),
    "%M": (lambda t: f"{t.minute:02}", "(?P<M>[0-9]{2})"),
    "%S": (lambda t: f"{t.second:02}", "(?P<S>[0-9]{2})"),
    "%f": (lambda t: f"{t.microsecond:06}", "(?P<f>[0-9]{1,9})"),
    "%z": (lambda t: _offset(t, ""), OFFSET),
    "%:z": (lambda t: _offset(t, ":"), OFFSET),
    "%%": (lambda t: "%", "%"),
}
_LETTERS: Final = re.compile(r"([A-Za-z])\1*")
_OF_LETTERS: Final = {  # of Java, JavaScript and spreadsheets
    **dict.fromkeys(("YYYY", "yyyy"), "%Y"),
    **dict.fromkeys(("YY", "yy"), "%y"),
    "MM": "%m",
    "M": "%-m",
    "MMM": "%b",
    "MMMM": "%B",
    **dict.fromkeys(("EEE", "ddd"), "%a"),
    **dict.fromkeys(("EEEE", "dddd"), "%A"),
    **dict.fromkeys(("D", "d"), "%-d"),
    "H": "%-H",
    "h": "%-I",
    "hh": "%I",
    **dict.fromkeys(("a", "A", "tt"), "%p"),
    **dict.fromkeys(("XXX", "Z"), "%:z"),
    **dict.fromkeys(("DD", "dd"), "%d"),
    "HH": "%H",
    "mm": "%M",
    "ss": "%S",
    "T": "T",
}
_PART: Final = re.compile(r"%[:-]?.|[^%]+|%", re.DOTALL)


def bad_time(message: str, help: str = "") -> ExpressionError:
    """E306."""
    return ExpressionError("E306", message, help=help)


@lru_cache(maxsize=256)
def parts(fmt: str) -> tuple[str, ...]:
    """A format as codes and the text between them. Raises E306 for a code that is not known."""
    if len(fmt) > _LONGEST:
        raise bad_time(f"a time format has at most {_LONGEST} characters")
    found = tuple(_PART.findall(fmt))
    if not any(part[0] == "%" for part in found):
        raise bad_time("the time format has no codes", _in_codes(fmt))
    if any(part[0] == "%" and part not in _CODES for part in found):
        raise bad_time(
            "unknown code in a time format", f"the codes are {' '.join(_CODES)}"
        )
    return found


def _in_codes(fmt: str) -> str:
    """The help about a format of another language: the same in our codes, where it has no more than those."""
    said = _LETTERS.sub(lambda found: _OF_LETTERS.get(found[0], "?"), fmt)
    if "?" in said or "%" not in said or not said.isprintable() or "'" in said:
        return "write it like '%Y-%m-%d'"
    return Advice(f"write '{said}'", f"'{said}'")


def write(time: datetime, fmt: str) -> str:
    """The time in a format, in the zone that it is in."""
    text = [_CODES[part][0](time) if part in _CODES else part for part in parts(fmt)]
    check_text(sum(map(len, text)))
    return "".join(text)


@lru_cache(maxsize=256)
def pattern(fmt: str) -> re.Pattern[str]:
    """What reads a format. Raises E306 for one that does not say the day, or the half of the day, once."""
    codes = [part for part in parts(fmt) if part in _CODES and part != "%%"]
    kinds = {code[-1] for code in codes}
    complete = kinds & {"Y", "y"} and kinds & {"m", "b", "B"} and "d" in kinds
    if not complete or len(kinds) < len(codes):
        raise bad_time(
            "a format to read with needs year, month and day, and each code only once"
        )
    if ("I" in kinds) != ("p" in kinds) or {"H", "I"} <= kinds:
        raise bad_time("read hours with %H alone, or with %I and %p")
    return re.compile(
        "".join(
            _CODES[part][1] if part in _CODES else re.escape(part)
            for part in parts(fmt)
        )
    )


def local(part: Mapping[str, str]) -> datetime:
    """Date and clock of a match's groups, without a zone. What is not named is 0. Raises ValueError for no such day."""
    time = datetime(
        int(part["Y"]) if "Y" in part else 2000 + int(part["y"]),
        _month(part),
        int(part["d"]),
        _hour(part),
        int(part.get("M", "0")),
        int(part.get("S", "0")),
        int(part.get("f", "0").ljust(6, "0")[:6]),
    )
    if not _DAYS[time.weekday()].startswith(part.get("A", part.get("a", ""))):
        raise ValueError("another day of the week")
    return time


def _month(part: Mapping[str, str]) -> int:
    if "m" in part:
        return int(part["m"])
    name = part.get("B", part.get("b", ""))
    return 1 + [month[: len(name)] for month in _MONTHS].index(name)


def _hour(part: Mapping[str, str]) -> int:
    if "I" not in part:
        return int(part.get("H", "0"))
    return int(part["I"]) % 12 + (12 if part["p"].upper() == "PM" else 0)


def _offset(time: datetime, colon: str) -> str:
    seconds = int((time.utcoffset() or timedelta()).total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{colon}{minutes:02}"
