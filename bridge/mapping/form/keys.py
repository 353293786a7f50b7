"""The kinds of key a mapping file has. Each says what is wrong with a value; none changes it.

Knows marshmallow, and how a value is written; knows nothing of places or rules. A help is an Advice where it has the
text to write, in which … is what is written there.
"""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, Literal

from marshmallow import fields

from bridge.mapping.form.problems import Problem, needs
from bridge.model import Advice
from bridge.strict.yaml_writing import written

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_CHOICE = re.compile(r"([^(){}|,]*)[({]([^(){}]*[|,][^(){}]*)[)}]([^(){}|,]*)")
_SEVERAL = re.compile(r"[|]|[({].*,")
_TYPE = re.compile(r"[\w*][\w.*/-]*")
_SAID = {
    "true": ("true", "yes", "on", "1", "y"),
    "false": ("false", "no", "off", "0", "n"),
}


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
        super().__init__(metadata=notes, **rest)

    @property
    def only(self) -> str:
        """The one value that it takes; "" where there are several."""
        return ""

    def listed(self, text: str) -> list[str]:
        """The entries of a list that text stands for which should be one."""
        return [text]

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
        if isinstance(value, dict | list):
            return needs("text", value, _single(value))
        return None


class Text(Key):
    """Text that is not empty."""

    def problem(self, value: object) -> Problem | None:
        if not isinstance(value, str):
            return needs("text", value, _single(value))
        return None if value.strip() else Problem("is empty", "drop the key")


class EventType(Text):
    """An event's type, in which * stands for anything; a choice in brackets is a pattern of other languages."""

    def problem(self, value: object) -> Problem | None:
        wrong = super().problem(value)
        if wrong or not _SEVERAL.search(str(value)):
            return wrong
        return Problem(
            "holds a choice, which it cannot", list_help(self.listed(str(value)))
        )

    def listed(self, text: str) -> list[str]:
        found = _CHOICE.fullmatch(text)
        before, each, after = found.groups() if found else ("", text, "")
        return [f"{before}{one.strip()}{after}" for one in re.split("[|,]", each)]


class Pattern(Text):
    """Text of one form."""

    def __init__(
        self,
        description: str,
        pattern: re.Pattern[str],
        form: str,
        *,
        example: str,
        known: Callable[[], Iterable[str]] = tuple,
        **rest: Any,
    ):
        """`known` gives the texts of this form that there are, where they are few."""
        super().__init__(description, **rest)
        self.pattern, self.form, self.example = pattern, form, example
        self.known = known

    def problem(self, value: object) -> Problem | None:
        wrong = super().problem(value)
        if wrong or self.pattern.fullmatch(str(value)):
            return wrong
        near = get_close_matches(str(value), self.known(), n=1, cutoff=0.8)
        help = f"write one such as {self.example}"
        return Problem(
            f"is not {self.form}", f"did you mean '{near[0]}'?" if near else help
        )


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
        first = self.choices[0]
        help = f"did you mean '{near[0]}'?" if near else Advice(f"write {first}", first)
        return Problem(f"must be one of {', '.join(self.choices)}", help)


class Flag(Key):
    """true or false."""

    def problem(self, value: object) -> Problem | None:
        if isinstance(value, bool):
            return None
        words = (word for word, meant in _SAID.items() if str(value).lower() in meant)
        help = next((Advice(f"write {word}", word) for word in words), "")
        return needs("true or false", value, help)


def write(text: str, more: str = "") -> Advice:
    return Advice(f"write {text}{more}", text)


def _single(value: object) -> str:
    """The help about a value that should be text."""
    if isinstance(value, list):
        alone = len(value) == 1 and isinstance(value[0], str)
        return write(written(value[0])) if alone else "write one text"
    if isinstance(value, dict):
        return "write one text"
    return Advice("write it in quotes", '"…"')


def list_help(items: list[str]) -> Advice:
    text = f"[{', '.join(item if _TYPE.fullmatch(item) else written(item) for item in items)}]"
    return write(text)
