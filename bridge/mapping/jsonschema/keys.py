"""The keys of a mapping file as JSON Schema, so that schema.py alone says what there is.

Knows no key by name. `Details` say more about a key than its kind does.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeAlias

from marshmallow import Schema

from bridge.kinds import Form, Forms, Kind, keys_of
from bridge.mapping.functions import FILTERS, TESTS

# Shape → key → what else is known of it; the key "" stands for the mapping itself.
Details: TypeAlias = Mapping[type[Schema], Mapping[str, Form]]


class KeyForms(Forms):
    """Keys with their help, and what else is known of them."""

    def __init__(self, details: Details) -> None:
        self._details = details

    def schema(self, schema: Schema) -> Form:
        """A mapping of known keys."""
        said: dict[str, Form] = {}
        for kind in reversed(type(schema).__mro__):
            said |= self._details.get(kind, {})
        form = super().schema(schema)
        for name, more in said.items():
            if name:
                form["properties"][name] |= more
        if prefix := getattr(schema, "free_prefix", None):
            form["patternProperties"] = {f"^{prefix}": {}}
        required = [name for name, key in keys_of(schema) if key.required]
        return form | ({"required": required} if required else {}) | said.get("", {})

    def key(self, kind: Kind) -> Form:
        """With its help; one of any kind has none, because an editor shows the first help it meets for a value."""
        form = kind.json_form(self)
        if type(kind) is Kind:
            return form
        notation = kind.metadata["notation"]
        help = [kind.metadata["title"], *([_language(notation)] if notation else [])]
        return {"description": "\n\n".join(help), **form}

    item = key


@cache
def _language(notation: str) -> str:
    """How an expression is written, and every helper with its arguments, a line per group."""
    groups: dict[str, list[str]] = {}
    for helper in FILTERS.values():
        groups.setdefault(helper.group, []).append(helper.signature)
    lines = [_line(group, names) for group, names in groups.items()]
    start = {
        "expression": "A bare expression, without {{ }}.",
        "template": "Write expressions in {{ … }}; a text that is only one expression keeps its type.",
    }[notation]
    tests = _line("After `is`", (helper.signature for helper in TESTS.values()))
    return "\n".join([f"{start} Helpers follow a bar: value | helper.", *lines, tests])


def _line(title: str, names: Iterable[str]) -> str:
    return f"{title}: {', '.join(names)}"
