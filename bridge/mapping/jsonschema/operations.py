"""What vendors take, as JSON Schema: the fields of each operation, the options of a connection, and auth.

Derived from the vendors' own marshmallow schemas. Knows no vendor by name, and nothing of rules.
"""

from collections.abc import Callable, Iterable
from functools import singledispatch
from typing import TypeAlias

from marshmallow import Schema

from bridge.mapping.jsonschema.keys import ANY, JsonSchema, whole
from bridge.mapping.reading.references import KINDS, OPEN_PARTS
from bridge.vendors import Operation, Vendor
from bridge.vendors.auth import Scheme
from bridge.vendors.fields import Choice, List, Number, Object, Referred, Text, made
from bridge.vendors.kind import Kind

# Adds the other way a value may be written: as an expression, or as a reference.
Written: TypeAlias = Callable[[JsonSchema], JsonSchema]

REFERENCE: JsonSchema = {"$ref": "#/definitions/reference"}
EXPRESSION: JsonSchema = {"$ref": "#/definitions/expression"}


def reference() -> JsonSchema:
    """A reference to a secret, or to a value that differs between machines."""
    kinds = {kind: {"type": "string", "pattern": r"\S"} for kind in sorted(KINDS)}
    return {
        "title": "{ env: NAME } or { file: /path/to/file }",
        **_closed(kinds),
        "minProperties": 1,
        "maxProperties": 1,
    }


def expression() -> JsonSchema:
    """Text that is evaluated for each event."""
    return {"type": "string", "pattern": r"\{[{%]"}


def fields_form(operation: Operation) -> JsonSchema:
    """The fields of an operation; which of them are needed is said by `complete`."""
    form = _closed(_values(operation.schema, _or_expression))
    if operation.extra_fields:
        form["additionalProperties"] = ANY
    help = "\n\n".join(filter(None, (operation.summary, operation.doc)))
    return {"description": help, **form}


def complete(operation: Operation) -> JsonSchema:
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


def options_form(vendor: Vendor) -> JsonSchema:
    """The options of a connection that a rule writes itself."""
    return _closed(_values(vendor.options, _or_reference))


def auth_form(vendor: Vendor) -> JsonSchema:
    """One scheme with its secret."""
    schemes = {scheme.name: _scheme(scheme) for scheme in vendor.auth}
    return {**_closed(schemes), "minProperties": 1, "maxProperties": 1}


def _closed(properties: JsonSchema) -> JsonSchema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _scheme(scheme: Scheme) -> JsonSchema:
    if not scheme.keys:
        return {"description": scheme.title, **REFERENCE}
    parts = {key: _part(scheme, key) for key in scheme.keys}
    required = [key for key in scheme.keys if key not in scheme.optional]
    return {"description": scheme.title, **_closed(parts), "required": required}


def _part(scheme: Scheme, key: str) -> JsonSchema:
    if key in scheme.choices:
        return {"enum": list(scheme.choices[key])}
    text = _or_reference({"type": "string"})
    if key in scheme.lists:
        return {"type": "object", "additionalProperties": text, "minProperties": 1}
    return text if key in OPEN_PARTS else REFERENCE


def _values(schema: type[Schema], written: Written) -> JsonSchema:
    kinds = made(schema).fields.items()
    return {name: _value(kind, written) for name, kind in kinds}  # type: ignore[arg-type]


def _value(kind: Kind, written: Written) -> JsonSchema:
    """A field with the help that its vendor gives."""
    notes = kind.metadata
    help = {key: notes[key] for key in ("title", "description") if notes[key]}
    if isinstance(kind, Referred):
        return {**help, **REFERENCE}
    return {**help, "examples": [notes["example"]], **written(_form(kind, written))}


@singledispatch
def _form(kind: Kind, written: Written) -> JsonSchema:
    """What a value that is written as it is looks like."""
    if kind.json_form:
        return dict(kind.json_form)
    return {"type": kind.json_type} if kind.json_type else ANY


@_form.register
def _(kind: Text, written: Written) -> JsonSchema:
    if kind.pattern:
        problem = f"needs {kind.shape}: {kind.fix}"
        return {"type": "string", **whole(kind.pattern, problem)}
    return {"type": "string", "minLength": 1}


@_form.register
def _(kind: Choice, written: Written) -> JsonSchema:
    return {"enum": list(kind.choices)}


@_form.register
def _(kind: Number, written: Written) -> JsonSchema:
    bounds = {
        "minimum": kind.minimum,
        "exclusiveMinimum": kind.above,
        "maximum": kind.maximum,
    }
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"type": kind.json_type, **given}


@_form.register
def _(kind: Object, written: Written) -> JsonSchema:
    if kind.schema:
        return {**_closed(_values(kind.schema, written)), "minProperties": 1}
    values = written(_form(kind.values, written))
    return {"type": "object", "additionalProperties": values, "minProperties": 1}


@_form.register
def _(kind: List, written: Written) -> JsonSchema:
    items = written(_form(kind.items, written))
    return {"type": "array", "items": items, "minItems": 1}


def _or_expression(form: JsonSchema) -> JsonSchema:
    """Text with {{ … }} may give anything. Not anyOf: an editor then says what is wrong with a literal."""
    return {"if": EXPRESSION, "else": form}


def _or_reference(form: JsonSchema) -> JsonSchema:
    """Text may be referred to; a reference never gives anything else."""
    text = form.get("type") == "string" or "enum" in form
    return {"anyOf": [form, REFERENCE]} if text else form


def _required(schema: type[Schema]) -> JsonSchema:
    """What a mapping must hold, and the mappings within it."""
    kinds = made(schema).fields.items()
    within = {
        name: _required(kind.schema)
        for name, kind in kinds
        if isinstance(kind, Object) and kind.schema
    }
    required = [name for name, kind in kinds if kind.required]
    below = {name: form for name, form in within.items() if form}
    return ({"required": required} if required else {}) | (
        {"properties": below} if below else {}
    )


def _has(path: str) -> JsonSchema:
    """Whether a field is given; `status.label` stands in a mapping."""
    name, _, rest = path.partition(".")
    form: JsonSchema = {"required": [name]}
    return (
        {**form, "properties": {name: {"type": "object", **_has(rest)}}}
        if rest
        else form
    )


def enumerated(named: Iterable[tuple[str, str]]) -> JsonSchema:
    """One of these names, each with its help."""
    names, help = zip(*named, strict=True)
    return {"enum": list(names), "enumDescriptions": list(help)}
