"""What a value of the API may be: stricter than marshmallow, so that nothing reaches the store that it cannot hold."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate
from werkzeug import routing
from werkzeug.routing import (
    BaseConverter,
    IntegerConverter,
    PathConverter,
    UnicodeConverter,
)

# Rows of one page, unless a request asks for another number.
PAGE = 50
MOST = 200
# The largest id that every reader of JSON holds.
LARGEST = 2**53 - 1

_DIGITS = re.compile(r"[0-9]{1,16}")


class _Id(IntegerConverter):
    """`<int:id>`: a number that the store and every reader of JSON hold."""

    regex = "[0-9]{1,16}"

    def __init__(self, map: routing.Map) -> None:
        super().__init__(map, min=1, max=LARGEST)


class _Word(UnicodeConverter):
    """`<name>`: text that a database holds."""

    def to_python(self, value: str) -> str:
        """The text. Raises ValidationError, which makes it a path that does not exist."""
        return _held(value)


class _Path(PathConverter):
    """`<path:name>`: the same, with slashes."""

    def to_python(self, value: str) -> str:
        """The text. Raises ValidationError, which makes it a path that does not exist."""
        return _held(value)


# What stands between < and > in the path of an operation.
CONVERTERS: dict[str, type[BaseConverter]] = {
    "int": _Id,
    "default": _Word,
    "string": _Word,
    "path": _Path,
}


def _held(value: str) -> str:
    if not _storable(value):
        raise routing.ValidationError
    return value


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


class Text(fields.String):
    """Text that a database holds: no NUL, no half of a surrogate pair. At most 1,000 characters unless said."""

    def __init__(self, *, most: int = 1_000, least: int = 0, **more: Any) -> None:
        super().__init__(validate=validate.Length(min=least, max=most), **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **more)
        if not _storable(text):
            raise ValidationError("Not a valid string: remove the control characters.")
        return text


class Whole(fields.Integer):
    """A whole number of a body: a JSON number without a fraction, not text."""

    def __init__(self, *, least: int = 0, most: int = LARGEST, **more: Any) -> None:
        bounds = validate.Range(min=least, max=most)
        super().__init__(strict=True, validate=bounds, **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> int:
        if isinstance(value, bool):
            raise ValidationError("Not a valid integer.")
        return super()._deserialize(value, attr, data, **more)


class Digits(fields.Integer):
    """A whole number of a query: digits and nothing else."""

    def __init__(self, *, least: int = 0, most: int = LARGEST, **more: Any) -> None:
        super().__init__(validate=validate.Range(min=least, max=most), **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> int:
        if not _DIGITS.fullmatch(str(value)):
            raise ValidationError("Not a valid integer.")
        return super()._deserialize(value, attr, data, **more)


class Flag(fields.Boolean):
    """True or false in a body, and no other word for it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Not a valid boolean.")
        return value


class Moment(fields.DateTime):
    """A time in an answer: RFC 3339 in UTC, to the millisecond."""

    def _serialize(
        self, value: datetime | None, attr: Any, obj: Any, **more: Any
    ) -> str | None:
        return None if value is None else value.isoformat(timespec="milliseconds")


class Anything(fields.Raw):
    """Any JSON of a sender or a vendor; a number that a double cannot hold is text."""


def page_of(row: type[Schema]) -> type[Schema]:
    """The schema of a list: its rows, and where the next page begins."""
    shape: Mapping[str, fields.Field[Any]] = {
        "data": fields.List(fields.Nested(row), required=True),
        "next": fields.String(
            required=True,
            allow_none=True,
            metadata={
                "description": "The cursor of the next page; null on the last one."
            },
        ),
    }
    return named(row, "Page", shape)


def named(
    row: type[Schema], what: str, shape: Mapping[str, fields.Field[Any]]
) -> type[Schema]:
    """A schema that belongs to the module of another."""
    name = f"{row.__name__.removesuffix('Schema')}{what}"
    made = Schema.from_dict({**shape}, name=name)
    made.__module__ = row.__module__
    return made


class Paged(Schema):
    """The query of a list."""

    cursor = Text(
        load_default="",
        metadata={"description": "`next` of the page before.", "example": ""},
    )
    limit = Digits(
        least=1, most=MOST, load_default=PAGE, metadata={"description": "Rows."}
    )
