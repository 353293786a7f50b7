"""The keys of a mapping file as JSON Schema: one function per kind of key, so that schema.py alone says what there is.

Knows the kinds of keys; knows no key by name. `Details` say more about a key than its kind does.
"""

from collections.abc import Iterable, Mapping
from functools import cache, singledispatch
from typing import Any, TypeAlias

from bridge.mapping.form.keys import Choice, Flag, Key, Pattern, Scalar, Text
from bridge.mapping.form.keys_holding import Either, FlagOrList, List, Names
from bridge.mapping.form.keys_measured import Duration, Integer, Moment, Size
from bridge.mapping.form.shape import Group, Shape
from bridge.mapping.functions import FILTERS, TESTS

JsonSchema: TypeAlias = dict[str, Any]
# Shape → key → what else is known of it; the key "" stands for the mapping itself.
Details: TypeAlias = Mapping[type[Shape], Mapping[str, JsonSchema]]

ANY: JsonSchema = {"type": ["string", "number", "boolean", "object", "array"]}


def whole(pattern: str, problem: str) -> JsonSchema:
    """Text that matches a pattern whole, which JSON Schema does not ask for by itself; `problem` is for editors."""
    return {"pattern": f"^(?:{pattern})$", "patternErrorMessage": problem}


def shape_form(shape: Shape, details: Details) -> JsonSchema:
    """A mapping of known keys."""
    said: dict[str, JsonSchema] = {}
    for kind in reversed(type(shape).__mro__):
        said |= details.get(kind, {})
    keys = {field.data_key or name: field for name, field in shape.fields.items()}
    properties = {
        name: {**described(key, details), **said.get(name, {})}
        for name, key in keys.items()
        if isinstance(key, Key)
    }
    required = [name for name, key in keys.items() if key.required]
    form: JsonSchema = {"type": "object", "properties": properties}
    if shape.free_prefix:
        form["patternProperties"] = {f"^{shape.free_prefix}": {}}
    form["additionalProperties"] = False
    return form | ({"required": required} if required else {}) | said.get("", {})


def described(key: Key, details: Details) -> JsonSchema:
    """A key with its help; one of any kind has none, because an editor shows the first help it meets for a value."""
    form = key_form(key, details)
    if type(key) is Key:
        return form
    notation = key.metadata["notation"]
    help = [key.metadata["description"], *([_language(notation)] if notation else [])]
    return {"description": "\n\n".join(help), **form}


@singledispatch
def key_form(key: Key, details: Details) -> JsonSchema:
    """What a value of this kind of key looks like."""
    return {} if key.allow_none else ANY


@key_form.register
def _(key: Scalar, details: Details) -> JsonSchema:
    return {"type": ["string", "number", "boolean"]}


@key_form.register
def _(key: Text, details: Details) -> JsonSchema:
    return {"type": "string", "pattern": r"\S"}


@key_form.register
def _(key: Pattern, details: Details) -> JsonSchema:
    return {"type": "string", **whole(key.pattern.pattern, f"needs {key.form}")}


@key_form.register
def _(key: Duration, details: Details) -> JsonSchema:
    problem = "needs a time span such as 15s, 30m, 2h or 4d"
    return {"type": "string", **whole(key.pattern.pattern, problem)}


@key_form.register
def _(key: Size, details: Details) -> JsonSchema:
    problem = "needs a size such as 25MB or 64KB, or a number of bytes"
    number = {"type": "integer", "minimum": 2**10, "maximum": key.most}
    return {
        "anyOf": [number, {"type": "string", **whole(key.pattern.pattern, problem)}]
    }


@key_form.register
def _(key: Choice, details: Details) -> JsonSchema:
    return {"enum": list(key.choices)}


@key_form.register
def _(key: Flag, details: Details) -> JsonSchema:
    return {"type": "boolean"}


@key_form.register
def _(key: FlagOrList, details: Details) -> JsonSchema:
    return {
        "if": {"type": "array"},
        "then": key_form(key.list, details),
        "else": key_form(key.flag, details),
    }


@key_form.register
def _(key: Integer, details: Details) -> JsonSchema:
    if key.low == key.high:
        return {"const": key.low}
    return {"type": "integer", "minimum": key.low, "maximum": key.high}


@key_form.register
def _(key: Moment, details: Details) -> JsonSchema:
    return {"type": "string", "format": "date-time"}


@key_form.register
def _(key: List, details: Details) -> JsonSchema:
    return {"type": "array", "minItems": 1, "items": described(key.item, details)}


@key_form.register
def _(key: Names, details: Details) -> JsonSchema:
    form = {"type": "object", "additionalProperties": described(key.item, details)}
    if key.key:
        form["propertyNames"] = key_form(key.key, details)
    return form if key.may_be_empty else {**form, "minProperties": 1}


@key_form.register
def _(key: Either, details: Details) -> JsonSchema:
    # Not anyOf: so an editor says what is wrong with the one that was meant. The help is that of the key itself.
    return {
        "if": {"type": "string"},
        "then": key_form(key.text, details),
        "else": key_form(key.mapping, details),
    }


@key_form.register
def _(key: Group, details: Details) -> JsonSchema:
    return shape_form(key.shape, details)


@cache
def _language(notation: str) -> str:
    """How an expression is written, and every helper with its arguments, a line per group."""
    groups: dict[str, list[str]] = {}
    for helper in FILTERS.values():
        groups.setdefault(helper.group, []).append(helper.signature)
    lines = [_line(group, names) for group, names in groups.items()]
    start = {
        "expression": "A bare expression, without {{ }}.",
        "template": "Values stand in {{ … }}; a text that is one of them keeps its type.",
    }[notation]
    tests = _line("After `is`", (helper.signature for helper in TESTS.values()))
    return "\n".join([f"{start} Helpers follow a bar: value | helper.", *lines, tests])


def _line(title: str, names: Iterable[str]) -> str:
    return f"{title}: {', '.join(names)}"
