"""How the API writes values: exact numbers, times in RFC 3339, bytes as text."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask.json.provider import JSONProvider

from bridge.strict import json


def plain(value: object) -> object:
    """A value as JSON: a number that a double cannot hold becomes text, bytes that are not UTF-8 become escapes."""
    match value:
        case str() | bool() | None:
            return value
        case int() | Decimal() if not json.exact_number(value):
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case float():
            return Decimal(repr(value))
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [*map(plain, value)]
    return value


class ExactJson(JSONProvider):
    """The JSON of every answer."""

    mimetype = "application/json"

    def dumps(self, obj: Any, **_: Any) -> str:
        """The text of a value."""
        return json.dumps(plain(obj)).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """The value of a text. Raises Malformed."""
        return json.loads(s if isinstance(s, bytes) else s.encode())
