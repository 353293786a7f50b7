"""The kinds of value a field can hold, each strict: "5" is not 5, "yes" is not true, null and "" are not values.

A field has a title, a description and an example, for the docs and the editor. Nothing here knows a vendor.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from marshmallow import RAISE, Schema

from bridge.strict.json import exact_number
from bridge.vendors.kind import LEAVE_OUT, Kind, Problem

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Text(Kind):
    """Text that is not empty; with `pattern`, text that matches it whole. `shape` and `fix` go into the message."""

    json_type = "string"
    needs = "text"

    def __init__(
        self,
        title: str,
        *,
        pattern: str = "",
        shape: str = "",
        fix: str = "",
        **rest: Any,
    ) -> None:
        super().__init__(title, **rest)
        self.pattern, self.shape, self.fix = pattern, shape, fix

    def problem(self, value: object) -> Problem:
        if not isinstance(value, str):
            return self.wrong_type(value)
        return self.problem_of_text(value) if value else f"is empty: {LEAVE_OUT}"

    def problem_of_text(self, text: str) -> str:
        """What is wrong with text that is not empty."""
        if not self.pattern or re.fullmatch(self.pattern, text):
            return ""
        return f"needs {self.shape}, this text is not one: {self.fix}"


class Referred(Text):
    """Text that a mapping file never holds: it is secret, or as long as a file. With `pem`, PEM."""

    def __init__(self, title: str, *, pem: bool = False, **rest: Any) -> None:
        super().__init__(title, **rest)
        self.pem = pem

    def problem_of_text(self, text: str) -> str:
        if not self.pem or "-----BEGIN " in text:
            return ""
        return "needs text in PEM, which begins with -----BEGIN: take the file in that form"


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
        return f"needs a time written as {self.form}, this text is not one: {self.fix}"


class Choice(Text):
    """One of a few words."""

    def __init__(self, title: str, *, choices: tuple[str, ...], **rest: Any) -> None:
        super().__init__(title, **rest)
        self.choices = choices

    def problem_of_text(self, text: str) -> str:
        return (
            "" if text in self.choices else f"is not one of {', '.join(self.choices)}"
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

    def problem(self, value: object) -> Problem:
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


class Integer(Number):
    """A whole number; a Decimal without a fraction is one, and is sent as one."""

    json_type = "integer"
    needs = "a whole number"

    def problem(self, value: object) -> Problem:
        problem = super().problem(value)
        if not problem and isinstance(value, Decimal) and value % 1:
            return self.wrong_type(value)
        return problem


class Boolean(Kind):
    """true or false."""

    json_type = "boolean"
    needs = "true or false"

    def problem(self, value: object) -> Problem:
        return "" if isinstance(value, bool) else self.wrong_type(value)


class Value(Kind):
    """Any JSON value without null, "" and inexact numbers at any depth: what is not set is left out."""

    def problem(self, value: object) -> Problem:
        match value:
            case str():
                return "" if value else f"is empty: {LEAVE_OUT}"
            case bool():
                return ""
            case int() | Decimal():
                return Number.problem(_NUMBERS, value)
            case list():
                return _problems(self, enumerate(value))
            case Mapping():
                return _problems(self, value.items())
        return f"is a {type(value).__name__}, which JSON cannot carry: send it as text"


class Object(Kind):
    """A mapping that is not empty: with `schema` of these keys, with `values` of any keys to values of one kind."""

    json_type = "object"
    needs = "an object"

    def __init__(
        self,
        title: str,
        *,
        schema: type[Schema] | None = None,
        values: Kind | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(title, **rest)
        self.schema = schema
        self.values = values or Value("a value", example="text")

    def problem(self, value: object) -> Problem:
        if not isinstance(value, Mapping):
            return self.wrong_type(value)
        if not value:
            return f"is empty: {LEAVE_OUT}"
        if self.schema:
            return made(self.schema).validate(value)
        return _problems(self.values, value.items())


class List(Kind):
    """A list that is not empty, of items of one kind."""

    json_type = "array"
    needs = "a list"

    def __init__(self, title: str, *, items: Kind, **rest: Any) -> None:
        super().__init__(title, **rest)
        self.items = items

    def problem(self, value: object) -> Problem:
        if not isinstance(value, list):
            return self.wrong_type(value)
        if not value:
            return f"is empty: {LEAVE_OUT}"
        return _problems(self.items, enumerate(value))


@cache
def made(schema: type[Schema], unknown: Literal["raise", "include"] = RAISE) -> Schema:
    """One shared instance of a schema: making one copies every field, which costs more than the check itself."""
    instance = schema(unknown=unknown)
    instance.error_messages["unknown"] = "is unknown: drop it"
    return instance


def _problems(kind: Kind, items: Iterable[tuple[Any, object]]) -> dict[Any, Problem]:
    """The problems of several values of one kind, by key; empty when there are none."""
    found = ((key, kind.problem_of(item)) for key, item in items)
    return {key: problem for key, problem in found if problem}


_NUMBERS = Number("a number", example=1)
