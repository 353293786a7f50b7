"""The kinds of value that only fields have, and what an expression has to do where it gives another kind.

null and "" are not values: what is not set is left out. Nothing here knows a vendor.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bridge.kinds import Form, Forms, Group, Kind, Names, Problems, Text, problems_of
from bridge.strict.json import exact_number

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

LEAVE_OUT = 'leave it out, as in "{{ … if … is present else omit }}"'

_NUMBER = 'add "| number", or drop the quotes of a literal'
_TEXT = 'add "| string", or write a literal in quotes'
_FIXES = {
    "is empty": LEAVE_OUT,
    "is null": LEAVE_OUT,
    "is required": "add it",
    "is unknown": "drop it",
    "needs a number, this is text": _NUMBER,
    "needs a whole number, this is text": _NUMBER,
    "needs a whole number, this is a number": 'add "| round(0)"',
    "needs true or false, this is text": """compare it, as in "{{ … == 'yes' }}", or drop the quotes of a literal""",
    "needs true or false, this is a number": 'compare it, as in "{{ … == 1 }}"',
    "needs text, this is a number": _TEXT,
    "needs text, this is true or false": _TEXT,
    "needs text, this is a list": """add "| join(', ')\"""",
    "needs a mapping, this is text": 'add "| parse_json"',
    "needs a list, this is text": """add "| split(',')\"""",
}


def said(problem: str) -> str:
    """A problem with its fix: what to add to an expression, where that is known."""
    fix = _FIXES.get(problem) or getattr(problem, "help", "")
    return f"{problem}: {fix}" if fix else problem


def pem_problem(text: str) -> str:
    """Why text is not PEM; "" where it may be."""
    if "-----BEGIN " in text:
        return ""
    return "needs text in PEM, which begins with -----BEGIN: take the file in that form"


class Referred(Text):
    """Text that a mapping file never holds: it is secret, or as long as a file."""


class Html(Text):
    """Text that the vendor reads as HTML. Inserted values are escaped where the text is made, not here."""


class Uuid(Text):
    """A UUID in its canonical form, so that one ticket has one spelling and one lane."""

    def __init__(self, title: str, **rest: Any) -> None:
        fix = 'add "| uuid"'
        super().__init__(title, pattern=UUID, shape="a UUID", fix=fix, **rest)


class Moment(Text):
    """A date or a time in exactly one written form, given as for strftime, and one that exists."""

    def __init__(self, title: str, *, form: str, fix: str, **rest: Any) -> None:
        super().__init__(title, fix=fix, **rest)
        self.form = form

    def problem_of_text(self, text: str) -> str:
        try:
            # strptime alone takes 2025-1-1 as well.
            if datetime.strptime(text, self.form).strftime(self.form) == text:
                return ""
        except ValueError:
            pass
        return (
            f"needs a time written as {self.form}, but this text is not one: {self.fix}"
        )


class Number(Kind):
    """An int or a Decimal that a JSON number carries exactly; never true or false.

    `minimum` and `maximum` are within its bounds, `above` is not.
    """

    json_type = "number"
    needs = "a number"

    def __init__(
        self,
        title: str,
        *,
        minimum: int | None = None,
        above: int | None = None,
        maximum: int | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(title, **rest)
        self.minimum, self.above, self.maximum = minimum, above, maximum

    def problem(self, value: object) -> Problems:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return self.wrong_type(value)
        if not exact_number(value):
            return (
                'has more digits than a JSON number carries exactly: add "| round(2)"'
            )
        if self.minimum is not None and value < self.minimum:
            return f"must be {self.minimum} or more: correct the expression"
        if self.above is not None and value <= self.above:
            return f"must be more than {self.above}: correct the expression"
        if self.maximum is not None and value > self.maximum:
            return f"must be {self.maximum} or less: correct the expression"
        return ""

    def json_form(self, forms: Forms) -> Form:
        bounds = {
            "minimum": self.minimum,
            "exclusiveMinimum": self.above,
            "maximum": self.maximum,
        }
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"type": self.json_type, **given}


class WholeNumber(Number):
    """A whole number; a Decimal without a fraction is one, and is sent as one."""

    json_type = "integer"
    needs = "a whole number"

    def problem(self, value: object) -> Problems:
        problem = super().problem(value)
        if not problem and isinstance(value, Decimal) and value % 1:
            return self.wrong_type(value)
        return problem


class Value(Kind):
    """Any JSON value without null, "" and inexact numbers at any depth: what is not set is left out."""

    def problem(self, value: object) -> Problems:
        match value:
            case str():
                return "" if value else "is empty"
            case bool():
                return ""
            case int() | Decimal():
                return _NUMBERS.problem(value)
            case list():
                return problems_of(self, enumerate(value))
            case Mapping():
                return problems_of(self, value.items())
        return f"is a {type(value).__name__}, which JSON cannot carry: send it as text"


class FreeNames(Names):
    """A mapping of any keys to any JSON values."""

    def __init__(self, title: str, **rest: Any) -> None:
        super().__init__(title, values=Value("a value", example="text"), **rest)


class Part(Group):
    """A mapping of these keys, of which one at least is there."""

    def __init__(self, title: str, **rest: Any) -> None:
        super().__init__(title, may_be_empty=False, **rest)


_NUMBERS = Number("a number", example=1)
