"""The kinds of value that only a mapping file has: names, event types, and what may be one of two.

Knows nothing of places or rules. A help is an Advice where it has the text to write, in which … is what is written
there.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from bridge import kinds
from bridge.did_you_mean import did_you_mean
from bridge.kinds import (
    Flag,
    Form,
    Forms,
    Kind,
    List,
    Problem,
    Problems,
    list_help,
    whole,
)

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_CHOICE = re.compile(r"([^(){}|,]*)[({]([^(){}]*[|,][^(){}]*)[)}]([^(){}|,]*)")
_SEVERAL = re.compile(r"[|]|[({].*,")


class Text(kinds.Text):
    """Text that is more than spaces."""

    def problem_of_text(self, text: str) -> Problems:
        return "" if text.strip() else Problem("is empty", "drop the key")

    def json_form(self, forms: Forms) -> Form:
        return {"type": "string", "pattern": r"\S"}


class Scalar(Text):
    """Text, a number, true or false."""

    def problem(self, value: object) -> Problems:
        return self.wrong_type(value) if isinstance(value, dict | list) else ""

    def json_form(self, forms: Forms) -> Form:
        return {"type": ["string", "number", "boolean"]}


class EventType(Text):
    """An event's type, in which * stands for anything; a choice in brackets is a pattern of other languages."""

    def problem_of_text(self, text: str) -> Problems:
        if not _SEVERAL.search(text):
            return super().problem_of_text(text)
        return Problem(
            "contains a choice, which is not possible here",
            list_help(self.listed(text)),
        )

    def listed(self, text: str) -> list[str]:
        found = _CHOICE.fullmatch(text)
        before, each, after = found.groups() if found else ("", text, "")
        return [f"{before}{one.strip()}{after}" for one in re.split("[|,]", each)]


class Pattern(Text):
    """Text of one form."""

    def __init__(
        self,
        title: str,
        pattern: re.Pattern[str],
        form: str,
        *,
        example: str,
        known: Callable[[], Iterable[str]] = tuple,
        **rest: Any,
    ):
        """`known` gives the texts of this form that there are, where they are few."""
        super().__init__(title, pattern=pattern.pattern, shape=form, **rest)
        self.fix, self.known = f"write one such as {example}", known

    def problem_of_text(self, text: str) -> Problems:
        if wrong := super().problem_of_text(text):
            return wrong
        if re.fullmatch(self.pattern, text):
            return ""
        help = did_you_mean(text, self.known(), 0.8) or self.fix
        return Problem(f"is not {self.shape}", help)

    def json_form(self, forms: Forms) -> Form:
        return whole(self.pattern, f"needs {self.shape}")


class Name(Pattern):
    """What a source, connection, rule or table is called."""

    def __init__(self, title: str, **rest: Any) -> None:
        form = "a name: letters, digits, '.', '_' and '-', at most 100"
        super().__init__(title, _NAME, form, example="paid-invoice", **rest)


class FlagOrList(Kind):
    """true or false, or a list of one kind."""

    def __init__(self, title: str, items: Kind, **rest: Any) -> None:
        super().__init__(title, **rest)
        self.flag, self.list = Flag(title), List(title, items=items)

    def problem(self, value: object) -> Problems:
        kind = self.list if isinstance(value, list) else self.flag
        return kind.problem(value)

    def json_form(self, forms: Forms) -> Form:
        return {
            "if": {"type": "array"},
            "then": self.list.json_form(forms),
            "else": self.flag.json_form(forms),
        }


class Either(Kind):
    """Text of one kind, or a mapping of another."""

    def __init__(self, title: str, text: Kind, mapping: Kind, **rest: Any) -> None:
        super().__init__(title, **rest)
        self.text, self.mapping = text, mapping

    def problem(self, value: object) -> Problems:
        kind = self.text if isinstance(value, str) else self.mapping
        return kind.problem(value)

    def json_form(self, forms: Forms) -> Form:
        # Not anyOf: so an editor says what is wrong with the one that was meant. The help is that of the key itself.
        return {
            "if": {"type": "string"},
            "then": self.text.json_form(forms),
            "else": self.mapping.json_form(forms),
        }
