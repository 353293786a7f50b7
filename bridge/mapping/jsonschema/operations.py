"""What vendors take, as JSON Schema: the fields of each operation, the options of a connection, and auth.

Derived from the vendors' own marshmallow schemas. Knows no vendor by name, and nothing of rules.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from marshmallow import Schema

from bridge.kinds import ANY, Form, Forms, Group, Kind, made
from bridge.mapping.reading.references import KINDS, OPEN_PARTS
from bridge.vendors import Operation, Vendor
from bridge.vendors.auth import Scheme
from bridge.vendors.fields import Referred

# Adds the other way a value may be written: as an expression, or as a reference.
Written: TypeAlias = Callable[[Form], Form]

REFERENCE: Form = {"$ref": "#/definitions/reference"}
EXPRESSION: Form = {"$ref": "#/definitions/expression"}


def reference() -> Form:
    """A reference to a secret, or to a value that differs between machines."""
    kinds = {kind: {"type": "string", "pattern": r"\S"} for kind in sorted(KINDS)}
    return {
        "title": "{ env: NAME } or { file: /path/to/file }",
        **_closed(kinds),
        "minProperties": 1,
        "maxProperties": 1,
    }


def expression() -> Form:
    """Text that is evaluated for each event."""
    return {"type": "string", "pattern": r"\{[{%]"}


def fields_form(operation: Operation) -> Form:
    """The fields of an operation; which of them are needed is said by `complete`."""
    form = _Values(_or_expression).schema(made(operation.schema))
    if operation.extra_fields:
        form["additionalProperties"] = ANY
    help = "\n\n".join(filter(None, (operation.summary, operation.doc)))
    return {"description": help, **form}


def complete(operation: Operation) -> Form:
    """What must stand among the fields, and what must not stand beside each other."""
    groups = [
        {kind: [_has(name) for name in group]}
        for kind, groups in (
            ("oneOf", operation.exactly_one),
            ("anyOf", operation.at_least_one),
        )
        for group in groups
    ]
    conflicts = [
        {"not": {"allOf": [_has(one), _has(other)]}}
        for one, other, _ in operation.conflicts
    ]
    found = [*groups, *conflicts]
    return _required(operation.schema) | ({"allOf": found} if found else {})


def options_form(vendor: Vendor) -> Form:
    """The options of a connection that a rule writes itself."""
    return _Values(_or_reference).schema(made(vendor.options))


def auth_form(vendor: Vendor) -> Form:
    """One scheme with its secret."""
    schemes = {scheme.name: _scheme(scheme) for scheme in vendor.auth}
    return {**_closed(schemes), "minProperties": 1, "maxProperties": 1}


def _closed(properties: Form) -> Form:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _scheme(scheme: Scheme) -> Form:
    if not scheme.keys:
        return {"description": scheme.title, **REFERENCE}
    parts = {key: _part(scheme, key) for key in scheme.keys}
    required = [key for key in scheme.keys if key not in scheme.optional]
    return {"description": scheme.title, **_closed(parts), "required": required}


def _part(scheme: Scheme, key: str) -> Form:
    if key in scheme.choices:
        return {"enum": list(scheme.choices[key])}
    text = _or_reference({"type": "string"})
    if key in scheme.lists:
        return {"type": "object", "additionalProperties": text, "minProperties": 1}
    return text if key in OPEN_PARTS else REFERENCE


class _Values(Forms):
    """Values that may be written another way, too; keys with the help that their vendor gives."""

    def __init__(self, written: Written) -> None:
        self._written = written

    def item(self, kind: Kind) -> Form:
        return self._written(kind.json_form(self))

    def key(self, kind: Kind) -> Form:
        notes = kind.metadata
        help = {key: notes[key] for key in ("title", "description") if notes[key]}
        if isinstance(kind, Referred):
            return {**help, **REFERENCE}
        return {**help, "examples": [notes["example"]], **self.item(kind)}


def _or_expression(form: Form) -> Form:
    """Text with {{ … }} may give anything. Not anyOf: an editor then says what is wrong with a literal."""
    return {"if": EXPRESSION, "else": form}


def _or_reference(form: Form) -> Form:
    """Text may be referred to; a reference never gives anything else."""
    text = form.get("type") == "string" or "enum" in form
    return {"anyOf": [form, REFERENCE]} if text else form


def _required(schema: type[Schema]) -> Form:
    """What a mapping must hold, and the mappings within it."""
    kinds = made(schema).fields.items()
    within = {
        name: _required(kind.schema) for name, kind in kinds if isinstance(kind, Group)
    }
    required = [name for name, kind in kinds if kind.required]
    below = {name: form for name, form in within.items() if form}
    return ({"required": required} if required else {}) | (
        {"properties": below} if below else {}
    )


def _has(path: str) -> Form:
    """Whether a field is given; `status.label` stands in a mapping."""
    name, _, rest = path.partition(".")
    form: Form = {"required": [name]}
    return (
        {**form, "properties": {name: {"type": "object", **_has(rest)}}}
        if rest
        else form
    )


def enumerated(named: Iterable[tuple[str, str]]) -> Form:
    """One of these names, each with its help."""
    names, help = zip(*named, strict=True)
    return {"enum": list(names), "enumDescriptions": list(help)}
