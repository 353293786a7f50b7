"""The kinds of key a mapping file has. Each says what is wrong with a value; none changes it.

Knows marshmallow; knows nothing of YAML, places or rules.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Literal

from marshmallow import fields

from bridge.mapping.problems import Problem, needs

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_CHOICE = re.compile(r"([^(){}|,]*)[({]([^(){}]*[|,][^(){}]*)[)}]([^(){}|,]*)")
_SEVERAL = re.compile(r"[|]|[({].*,")
_UNITS_OF_BYTES = {"K": 2**10, "M": 2**20}
_LEAST = 2**10  # bytes of a Size: 25 stands for megabytes
_SIZE = re.compile(r"([1-9][0-9]{0,5}) ?([KM])i?B")
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")


class Key(fields.Field[Any]):
    """A key of the file. Its description is the one that docs and editors show.

    `notation` says what its text is to the language: `expression` a bare one, `template` text with {{ … }} in it.
    `meant` are words that other tools have for it, for the help about an unknown key.
    """

    def __init__(
        self,
        description: str,
        *,
        notation: Literal["", "expression", "template"] = "",
        meant: tuple[str, ...] = (),
        **rest: Any,
    ) -> None:
        notes = {"description": description, "notation": notation, "meant": meant}
        # What is missing is said where its name is known; what it is for, only here.
        errors: dict[str, Any] = {"required": Problem("required", description)}
        super().__init__(metadata=notes, error_messages=errors, **rest)

    def problems(self, name: Any, value: object) -> dict[Any, Any]:
        """What is wrong with a value, under its name; nothing where it is well."""
        if value is None:
            return {} if self.allow_none else {name: ["null"]}
        problem = self.problem(value)
        if not problem:
            return {}
        return {name: [problem] if isinstance(problem, Problem) else problem}

    def problem(self, value: object) -> "Problem | dict[Any, Any] | None":
        """What is wrong with a value that is not null, or for what it holds, by key."""
        return None


class Scalar(Key):
    """Text, a number, true or false."""

    def problem(self, value: object) -> Problem | None:
        return needs("text", value) if isinstance(value, dict | list) else None


class Text(Key):
    """Text that is not empty."""

    def problem(self, value: object) -> Problem | None:
        if not isinstance(value, str):
            return needs("text", value, "write it in quotes")
        return None if value.strip() else Problem("is empty", "drop the key")


class EventType(Text):
    """An event's type, in which * stands for anything; a choice in brackets is a pattern of other languages."""

    def problem(self, value: object) -> Problem | None:
        wrong = super().problem(value)
        if wrong or not _SEVERAL.search(str(value)):
            return wrong
        found = _CHOICE.fullmatch(str(value))
        before, each, after = found.groups() if found else ("", str(value), "")
        listed = (f"{before}{one}{after}" for one in re.split("[|,]", each))
        return Problem(
            "holds a choice, which it cannot", f"write [{', '.join(listed)}]"
        )


class Pattern(Text):
    """Text of one form."""

    def __init__(
        self,
        description: str,
        pattern: re.Pattern[str],
        form: str,
        *,
        example: str,
        **rest: Any,
    ):
        super().__init__(description, **rest)
        self.pattern, self.form, self.example = pattern, form, example

    def problem(self, value: object) -> Problem | None:
        wrong = super().problem(value)
        if wrong or self.pattern.fullmatch(str(value)):
            return wrong
        return Problem(f"is not {self.form}", f"write one such as {self.example}")


class Name(Pattern):
    """What a source, connection, rule or table is called."""

    def __init__(self, description: str, **rest: Any) -> None:
        form = "a name: letters, digits, '.', '_' and '-', at most 100"
        super().__init__(description, _NAME, form, example="paid-invoice", **rest)


class Choice(Text):
    """One of a few words."""

    def __init__(self, description: str, *choices: str, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.choices = choices

    def problem(self, value: object) -> Problem | None:
        if value in self.choices:
            return None
        near = get_close_matches(str(value), self.choices, n=1)
        help = f"did you mean '{near[0]}'?" if near else f"write {self.choices[0]}"
        return Problem(f"must be one of {', '.join(self.choices)}", help)


class Flag(Key):
    """true or false."""

    def problem(self, value: object) -> Problem | None:
        return None if isinstance(value, bool) else needs("true or false", value)


class Integer(Key):
    """A whole number within bounds that include their ends."""

    def __init__(self, description: str, low: int, high: int, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.low, self.high = low, high

    def problem(self, value: object) -> Problem | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return needs("a whole number", value, f"write one such as {self.low}")
        if self.low <= value <= self.high:
            return None
        if self.low == self.high:
            return Problem(f"must be {self.low}", f"write {self.low}")
        nearest = self.low if value < self.low else self.high
        message = f"must be between {self.low:,} and {self.high:,}"
        return Problem(message, f"write {nearest}")


class Duration(Text):
    """A time span as a whole number with its unit: 15s, 30m, 2h, 4d. One form, so that 30 is never a guess."""

    pattern = _DURATION

    def problem(self, value: object) -> Problem | None:
        if isinstance(value, str) and self.pattern.fullmatch(value):
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return Problem("needs a unit", f"write {value}s, or {value}m, h or d")
        return Problem("is not a time span", "write it like 15s, 30m, 2h or 4d")


class Size(Key):
    """A number of bytes, from 1,024 to `most`: 5000000, or 64KB, 25MB, 25MiB by units of 1,024 and 1,024² bytes."""

    pattern = _SIZE

    def __init__(self, description: str, most: int, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.most = most

    def problem(self, value: object) -> Problem | None:
        found = in_bytes(value)
        if found is None:
            return Problem("is not a size", "write it like 25MB, 64KB or 5000000")
        if found < _LEAST:
            unit = "MB" if found <= self.most // 2**20 else "KB"
            return Problem("is less than any body", f"write {found}{unit}")
        if found <= self.most:
            return None
        most = f"{self.most // 2**20}MB"
        return Problem(f"is more than {most}", f"write {most}")


class Moment(Text):
    """A point in time with its offset, as RFC 3339 writes it."""

    def problem(self, value: object) -> Problem | None:
        try:
            aware = datetime.fromisoformat(str(value)).tzinfo is not None
        except ValueError:
            aware = False
        if aware:
            return None
        return Problem("is not a time with its offset", "write 2026-01-31T12:00:00Z")


class List(Key):
    """A list of one kind that is not empty."""

    def __init__(self, description: str, item: Key, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.item = item

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        if not isinstance(value, list):
            return needs("a list", value, self._listed(value))
        if not value:
            return Problem("is empty", "drop the key")
        return _problems(self.item, dict(enumerate(value)))

    @staticmethod
    def _listed(value: object) -> str:
        """The same as a list of one."""
        if isinstance(value, dict):
            return "begin each entry with '- '"
        return f"write [{value}]" if isinstance(value, str) else ""


class FlagOrList(Key):
    """true or false, or a list of one kind."""

    def __init__(self, description: str, item: Key, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.flag, self.list = Flag(description), List(description, item)

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        kind = self.list if isinstance(value, list) else self.flag
        return kind.problem(value)


class Names(Key):
    """A mapping of any keys to values of one kind; `key` is the form of its keys."""

    def __init__(
        self,
        description: str,
        item: Key,
        key: Pattern | None = None,
        *,
        may_be_empty: bool = False,
        **rest: Any,
    ):
        super().__init__(description, **rest)
        self.item, self.key, self.may_be_empty = item, key, may_be_empty

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        if not isinstance(value, dict):
            return needs("a mapping", value, "write { name: … }")
        if not value:
            return None if self.may_be_empty else Problem("is empty", "drop the key")
        wrong = _problems(self.item, value) or {}
        for key in value:
            problem = self.key.problem(key) if self.key else None
            if problem:
                wrong[key] = [problem]
        return wrong or None


class Either(Key):
    """Text of one kind, or a mapping of another."""

    def __init__(self, description: str, text: Key, mapping: Key, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.text, self.mapping = text, mapping

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        kind = self.text if isinstance(value, str) else self.mapping
        return kind.problem(value)


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


def _problems(kind: Key, values: Mapping[Any, object]) -> dict[Any, Any] | None:
    wrong: dict[Any, Any] = {}
    for key, value in values.items():
        wrong |= kind.problems(key, value)
    return wrong or None
