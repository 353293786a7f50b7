"""What every kind shares: it changes nothing, and its messages say what it needs and what it got.

Messages never hold the value itself; a help may, for it is shown beside the value.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias

from marshmallow import ValidationError, fields

from bridge.model import Advice, Json

if TYPE_CHECKING:
    from bridge.kinds.holding import Forms

Form: TypeAlias = dict[str, Any]  # JSON Schema
# What is wrong, or for what a value holds, by key. Falsy: nothing is.
Problems: TypeAlias = "str | list[Any] | dict[Any, Any]"

ANY: Form = {"type": ["string", "number", "boolean", "object", "array"]}
NULL = "is null"

WORDS: Final[dict[type, str]] = {
    str: "text",
    int: "a number",
    Decimal: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
    type(None): "null",
}


class Problem(str):
    """What is wrong with one value, as the sentence after its name, with the help and the code of its finding."""

    help: str
    code: str

    def __new__(cls, message: str, help: str = "", code: str = "") -> "Problem":
        self = super().__new__(cls, message)
        self.help, self.code = help, code
        return self


def type_of(value: object) -> type:
    """The value's type, exactly: True is not a number, and any mapping counts as a dict."""
    kind = type(value)
    return dict if kind not in WORDS and isinstance(value, Mapping) else kind


def kind_of(value: object) -> str:
    """What a person would call the type of a value."""
    return WORDS.get(type_of(value), type(value).__name__)


def needs(what: str, value: object, help: str = "") -> Problem:
    return Problem(f"needs {what}, this is {kind_of(value)}", help)


def write(text: str, more: str = "") -> Advice:
    return Advice(f"write {text}{more}", text)


def whole(pattern: str, problem: str) -> Form:
    """Text that matches a pattern whole, which JSON Schema does not ask for by itself; `problem` is for editors."""
    return {
        "type": "string",
        "pattern": f"^(?:{pattern})$",
        "patternErrorMessage": problem,
    }


class Kind(fields.Field[Any]):
    """The base of all kinds, and by itself any value. A subclass answers `problem(value)`.

    The title is one line for people. `notation` says what text is to the rule language: `expression` a bare one,
    `template` text with {{ … }} in it. `meant` are words that other tools have for the key.
    """

    json_type: ClassVar[str] = ""  # as JSON Schema names it; "" for several
    needs: str = "a value"
    only: str = ""  # the one value that it takes; "" where there are several
    default_error_messages = {"required": "is required", "null": NULL}

    def __init__(
        self,
        title: str = "",
        *,
        description: str = "",
        example: Json = None,
        notation: Literal["", "expression", "template"] = "",
        meant: tuple[str, ...] = (),
        **rest: Any,
    ) -> None:
        notes = {
            "title": title,
            "description": description,
            "example": example,
            "notation": notation,
            "meant": meant,
        }
        super().__init__(metadata=notes, **rest)

    def problem(self, value: object) -> Problems:
        """What is wrong with a value that is not null."""
        return ""

    def problem_of(self, value: object) -> Problems:
        """What is wrong with a value, null included."""
        if value is None:
            return "" if self.allow_none else NULL
        return self.problem(value)

    def wrong_type(self, value: object) -> Problem:
        example = self.metadata["example"]
        help = f"write one such as {example!r}" if example is not None else ""
        return needs(self.needs, value, help or self.advice(value))

    def advice(self, value: object) -> str:
        """What to write in place of a value of another type."""
        return ""

    def listed(self, text: str) -> list[str]:
        """The entries of a list of this kind that text stands for."""
        return [text]

    def read(self, value: Any) -> Any:
        """What a value that is well stands for: itself."""
        return value

    def json_form(self, forms: "Forms") -> Form:
        """What a value looks like, as JSON Schema."""
        if self.json_type:
            return {"type": self.json_type}
        return {} if self.allow_none else dict(ANY)

    def _deserialize(self, value: object, *_: object, **__: object) -> Any:
        if problem := self.problem(value):
            raise ValidationError(problem)
        return self.read(value)
