"""Helpers for tables, mappings and documents inside text."""

import hashlib
from typing import Annotated, Any

from bridge.errors import Malformed
from bridge.mapping.functions.catalogue import LITERAL, Example, helper
from bridge.mapping.values import numbers
from bridge.mapping.values.compare import composed
from bridge.mapping.values.complaints import near, wrong_type
from bridge.mapping.values.limits import check_text
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import (
    MISSING,
    ExpressionError,
    Missing,
    Number,
    Omit,
)
from bridge.strict import json as strict_json

_OBJECT = 4  # steps of making one, or a list
TableName = Annotated[str, LITERAL]


@helper(
    "data",
    errors=("E304",),
    examples=(
        Example("event.attempt | lookup('substatus')", {"event": {"attempt": 1}}, "PS"),
        Example("'9' | lookup('substatus')", {}, "ES"),
    ),
)
def lookup(scope: Scope, value: str | Number, table: TableName) -> Any:
    """What a table of the mapping files has for a key; 77, 77.0 and "77" are the same key, and so are two spellings of
    one text that Unicode calls equal. An unknown key is an error unless the table has a row `_`.
    """
    found = scope.tables.get(table)
    if found is None:
        raise ExpressionError(
            "E304", f"there is no table '{table}'", help=near(table, scope.tables)
        )
    row = found.rows.get(_key(scope, value), found.fallback)
    if isinstance(row, Missing):
        raise ExpressionError(
            "E304",
            f"the table '{table}' has no row for this value",
            help="add the row, or a row `_` for every other value",
        )
    return row


def _key(scope: Scope, value: str | Number) -> str:
    if isinstance(value, str):
        return composed(value, scope.budget)
    number = numbers.whole(value)
    if number is None:
        raise ExpressionError("E302", "a fraction cannot be a key of a table")
    return str(number)


@helper(
    "data",
    errors=("E303",),
    examples=(
        Example("event | keys", {"event": {"a": 1, "b": 2}}, ["a", "b"]),
        Example("event | keys | join(',')", {"event": {"x": 1}}, "x"),
    ),
)
def keys(value: dict[str, Any]) -> list[str]:
    """The keys of a mapping, in order."""
    return list(value)


@helper(
    "data",
    errors=("E303",),
    examples=(
        Example("event | values", {"event": {"a": 1, "b": 2}}, [1, 2]),
        Example("event | values | sum", {"event": {"a": 1, "b": 2}}, 3),
    ),
)
def values(value: dict[str, Any]) -> list[Any]:
    """The values of a mapping, in order."""
    return list(value.values())


@helper(
    "data",
    errors=("E303",),
    examples=(
        Example("event | items", {"event": {"a": 1}}, [["a", 1]]),
        Example("event | items | first | first", {"event": {"a": 1}}, "a"),
    ),
)
def items(value: dict[str, Any]) -> list[list[Any]]:
    """The pairs of a mapping as [key, value], for `for key, value in …`."""
    return [[key, item] for key, item in value.items()]


@helper(
    "data",
    steps=5,
    errors=("E302", "E303", "E308"),
    examples=(
        Example("event | json", {"event": {"a": [1, "x"]}}, '{"a":[1,"x"]}'),
        Example("'x' | json", {}, '"x"'),
    ),
)
def json(scope: Scope, value: Any) -> str:
    """The value as compact JSON text. Numbers that JSON readers would change are refused."""
    check_text(_measure(scope, value))
    try:
        text = strict_json.dumps(value).decode("utf-8")
    except ValueError:
        raise ExpressionError(
            "E308", "JSON cannot carry this number exactly", help="add | string"
        ) from None
    check_text(len(text))
    return text


@helper(
    "data",
    times=64,
    steps=5,
    errors=("E302", "E303"),
    examples=(
        Example("event.extra | parse_json", {"event": {"extra": '{"a": 1}'}}, {"a": 1}),
        Example("(event.extra | parse_json).a", {"event": {"extra": '{"a": 1}'}}, 1),
    ),
)
def parse_json(scope: Scope, value: str) -> Any:
    """The document inside a text, read as strictly as a body."""
    check_text(len(value))
    scope.budget.spend(_OBJECT * (value.count("{") + value.count("[")))
    try:
        return strict_json.loads(value.encode("utf-8", "surrogatepass"))
    except Malformed as error:
        raise ExpressionError(
            "E302", f"this text is not JSON that the bridge accepts ({error.reason})"
        ) from None


@helper(
    "data",
    times=2,
    steps=2,
    examples=(
        Example(
            "'abc' | sha256",
            {},
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        Example(
            "event.id | sha256 | truncate(8, '')", {"event": {"id": ""}}, "e3b0c442"
        ),
    ),
)
def sha256(value: str) -> str:
    """The SHA-256 of the text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def _measure(scope: Scope, value: Any) -> int:
    """A lower bound of the JSON text's length. Refuses what JSON has no form for, and a text too long, on the way."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, list | dict):
        scope.budget.charge(value, 3)
        size = 2
        for item in value.values() if isinstance(value, dict) else value:
            size += _measure(scope, item) + 1
            check_text(size)
        return size + sum(map(len, value)) if isinstance(value, dict) else size
    if hasattr(value, "tzinfo") or isinstance(value, Omit) or value is MISSING:
        raise wrong_type("json", {str, int, bool, list, dict}, value)
    return 1
