"""What every kind of field shares: it never coerces, and its messages say what it needs, what it got and the fix.

Messages never hold the value itself. Nothing here knows a vendor or one kind in particular.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from marshmallow import ValidationError, fields

from bridge.model import Json

Problem: TypeAlias = "str | list[Any] | dict[Any, Any]"  # falsy: nothing is wrong

LEAVE_OUT = 'leave it out, as in "{{ … if … is present else omit }}"'
_NULL = f"is null: {LEAVE_OUT}"

_NUMBER = 'add "| number", or drop the quotes of a literal'
_TEXT = 'add "| string", or write a literal in quotes'
_BOOLEAN = """compare it, as in "{{ … == 'yes' }}", or drop the quotes of a literal"""
_FIXES = {
    ("number", "text"): _NUMBER,
    ("integer", "text"): _NUMBER,
    ("integer", "a number"): 'add "| round(0)"',
    ("boolean", "text"): _BOOLEAN,
    ("boolean", "a number"): 'compare it, as in "{{ … == 1 }}"',
    ("string", "a number"): _TEXT,
    ("string", "true or false"): _TEXT,
    ("string", "a list"): """add "| join(', ')\"""",
    ("object", "text"): 'add "| parse_json"',
    ("array", "text"): """add "| split(',')\"""",
}


def kind_of(value: object) -> str:
    """What a person would call the type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | Decimal():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "an object"
    return f"a {type(value).__name__}"


class Kind(fields.Field[Any], ABC):
    """The base of all kinds. A subclass answers `problem(value)`: nothing, a sentence, or sentences by key."""

    json_type: ClassVar[str] = ""  # as JSON Schema names it; "" for any
    json_form: ClassVar[Mapping[str, Any]] = (
        {}
    )  # what it says where a type is too little
    needs = "a value"
    default_error_messages = {
        "required": "is required: add it",
        # marshmallow formats it: each brace is written twice for it.
        "null": _NULL.replace("{", "{{").replace("}", "}}"),
    }

    def __init__(
        self,
        title: str,
        *,
        example: Json,
        description: str = "",
        required: bool = False,
    ) -> None:
        notes = {"title": title, "description": description, "example": example}
        super().__init__(required=required, allow_none=False, metadata=notes)

    @abstractmethod
    def problem(self, value: object) -> Problem:
        """What is wrong with a value that is not null."""

    def problem_of(self, value: object) -> Problem:
        """What is wrong with a value, null included."""
        return _NULL if value is None else self.problem(value)

    def wrong_type(self, value: object) -> str:
        given = kind_of(value)
        fix = _FIXES.get((self.json_type, given))
        fix = fix or f"write one such as {self.metadata['example']!r}"
        return f"needs {self.needs}, this gave {given}: {fix}"

    def _deserialize(self, value: object, *_: object, **__: object) -> object:
        if problem := self.problem(value):
            raise ValidationError(problem)
        return value
