"""The kinds of value that are measured: sizes, time spans, points in time."""

import re
from datetime import datetime
from typing import Any

from bridge.kinds import Form, Forms, Kind, Problem, Problems, whole, write
from bridge.mapping.form.keys import Text

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SPAN = re.compile(
    r"([1-9][0-9]{0,5})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)",
    re.I,
)
_UNITS_OF_BYTES = {"K": 2**10, "M": 2**20}
_LEAST = 2**10  # bytes of a Size: 25 stands for megabytes
_SIZE = re.compile(r"([1-9][0-9]{0,5}) ?([KM])i?B")
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")


class Duration(Text):
    """A time span as a whole number with its unit: 15s, 30m, 2h, 4d. One form, so that 30 is never a guess."""

    def problem(self, value: object) -> Problems:
        if isinstance(value, str) and _DURATION.fullmatch(value):
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return Problem("needs a unit", self._with_unit(value))
        said = _SPAN.fullmatch(str(value))
        example = "write it like 15s, 30m, 2h or 4d"
        help = write(f"{said[1]}{said[2][0].lower()}") if said else example
        return Problem("is not a time span", help)

    def json_form(self, forms: Forms) -> Form:
        problem = "needs a time span such as 15s, 30m, 2h or 4d"
        return whole(_DURATION.pattern, problem)

    @staticmethod
    def _with_unit(value: int) -> str:
        """Seconds, where that is as long as any span may be."""
        if not 0 < value <= _UNITS["d"]:
            return "add a unit: s, m, h or d"
        return write(f"{value}s", " for seconds; the other units are m, h and d")


class Size(Kind):
    """A number of bytes, from 1,024 to `most`: 5000000, or 64KB, 25MB, 25MiB by units of 1,024 and 1,024² bytes."""

    def __init__(self, title: str, most: int, **rest: Any) -> None:
        super().__init__(title, **rest)
        self.most = most

    def problem(self, value: object) -> Problems:
        found = in_bytes(value)
        if found is None:
            return Problem("is not a size", "write it like 25MB, 64KB or 5000000")
        if found < _LEAST:
            unit = "MB" if found <= self.most // 2**20 else "KB"
            return Problem("is less than any body", write(f"{found}{unit}"))
        if found <= self.most:
            return ""
        most = f"{self.most // 2**20}MB"
        return Problem(f"is more than {most}", write(most))

    def json_form(self, forms: Forms) -> Form:
        problem = "needs a size such as 25MB or 64KB, or a number of bytes"
        number = {"type": "integer", "minimum": _LEAST, "maximum": self.most}
        return {"anyOf": [number, whole(_SIZE.pattern, problem)]}


class Moment(Text):
    """A point in time with its offset, as RFC 3339 writes it."""

    def problem(self, value: object) -> Problems:
        try:
            aware = datetime.fromisoformat(str(value)).tzinfo is not None
        except ValueError:
            aware = False
        if aware:
            return ""
        help = "write it like 2026-01-31T12:00:00Z"
        return Problem("is not a time with its offset", help)

    def json_form(self, forms: Forms) -> Form:
        return {"type": "string", "format": "date-time"}


def in_bytes(value: object) -> int | None:
    """The bytes of a Size; None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value > 0 else None
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * _UNITS_OF_BYTES[found[2][0]] if found else None


def seconds(text: object) -> int:
    """The length of a Duration."""
    match = _DURATION.fullmatch(str(text))
    assert match is not None
    return int(match[1]) * _UNITS[match[2]]
