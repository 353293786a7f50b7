"""The whole schema: the keys of a file, and what their values are once it is known which vendor is meant."""

import json
from collections.abc import Callable, Iterable

from bridge import vendors
from bridge.kinds import Form
from bridge.mapping.findings.codes import CODES
from bridge.mapping.form.rule_shape import DefaultsShape
from bridge.mapping.form.schema import (
    AgainShape,
    CaseShape,
    EndingShape,
    FileShape,
    SecondLookShape,
)
from bridge.mapping.form.shape import Shape
from bridge.mapping.form.source_shape import FetchShape, SourceShape
from bridge.mapping.jsonschema.keys import Details, KeyForms
from bridge.mapping.jsonschema.operations import (
    auth_form,
    complete,
    enumerated,
    expression,
    fields_form,
    options_form,
    reference,
)
from bridge.mapping.jsonschema.sources import source_details
from bridge.mapping.reading.cases import CALL_KEYS, WORDS
from bridge.vendors import Operation


def mapping_schema(shape: type[Shape] = FileShape) -> Form:
    """The schema of a file of this shape, as JSON values."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        # Not its title: editors put that above the help of every key.
        "$comment": "A mapping file of the bridge, version 1. Made by `bridge schema`.",
        **KeyForms(_details()).schema(shape()),
        "definitions": _definitions(),
    }


def schema_text() -> str:
    """The same as text, as it is committed."""
    return json.dumps(mapping_schema(), indent=2, ensure_ascii=False) + "\n"


def _details() -> Details:
    return {
        FileShape: {"connections": _connections(), "": _whole_rules()},
        SourceShape: source_details(),
        DefaultsShape: {
            "target": _targets(vendors.operations()),
            "": _per_target(vendors.operations(), _rule_of),
        },
        FetchShape: {"target": _targets(vendors.look_ups()), "": _whole_look_up()},
        CaseShape: {"expect": {"additionalProperties": _outcome()}},
    }


def _definitions() -> Form:
    found = {"reference": reference(), "expression": expression(), "call": _call()}
    for vendor in map(vendors.get, vendors.names()):
        found[f"{vendor.name}.options"] = options_form(vendor)
        found[f"{vendor.name}.auth"] = auth_form(vendor)
    for operation in (*vendors.operations(), *vendors.look_ups()):
        found[operation.name] = fields_form(operation)
    return found


def _ref(name: str) -> Form:
    return {"$ref": f"#/definitions/{name}"}


def _targets(operations: Iterable[Operation]) -> Form:
    return enumerated((one.name, one.summary) for one in operations)


def _per_target(
    operations: Iterable[Operation], form: Callable[[Operation], Form]
) -> Form:
    """What a rule looks like once its target is written."""
    return {
        "allOf": [
            {"if": _is("target", operation.name), "then": form(operation)}
            for operation in operations
        ]
    }


def _is(key: str, value: str) -> Form:
    return {"required": [key], "properties": {key: {"const": value}}}


def _rule_of(operation: Operation) -> Form:
    options = _ref(f"{operation.vendor}.options")
    return {
        "properties": {
            "fields": _ref(operation.name),
            "connection": {"if": {"type": "object"}, "then": options},
            "auth": _ref(f"{operation.vendor}.auth"),
        }
    }


def _whole_look_up() -> Form:
    """A look-up says all of itself: nothing is merged into it."""

    def form(operation: Operation) -> Form:
        rule = _rule_of(operation)["properties"]
        fields = {"allOf": [rule["fields"], complete(operation)]}
        return {"properties": {**rule, "fields": fields}}

    required = ["target", "fields"]
    return {"required": required, **_per_target(vendors.look_ups(), form)}


def _whole_rules() -> Form:
    """A rule says its target and all its fields, unless `defaults` say some of it."""
    rule = {
        "required": ["target", "fields"],
        **_per_target(
            vendors.operations(), lambda one: {"properties": {"fields": complete(one)}}
        ),
    }
    silent = {
        "properties": {"defaults": {"properties": {"target": False, "fields": False}}}
    }
    return {"if": silent, "then": {"properties": {"rules": {"items": rule}}}}


def _connections() -> Form:
    """A connection says its vendor, which says its options and schemes."""
    known = list(map(vendors.get, vendors.names()))
    vendor = enumerated((one.name, one.title) for one in known)
    one_each = [
        {"if": _is("vendor", one.name), "then": _connection(one)} for one in known
    ]
    named = {
        "type": "object",
        "required": ["vendor"],
        "properties": {"vendor": vendor},
        "allOf": one_each,
    }
    return {"additionalProperties": named}


def _connection(vendor: vendors.Vendor) -> Form:
    form = options_form(vendor)
    auth = {"vendor": True, "auth": _ref(f"{vendor.name}.auth")}
    return {**form, "properties": {**auth, **form["properties"]}}


def _outcome() -> Form:
    """What a test may expect of a rule: a word, an error, a call, or a list of calls."""
    call = _ref("call")
    calls = {"items": call, "minItems": 1}
    return _word_or({"if": {"type": "array"}, "then": calls, "else": call})


def _word_or(other: Form) -> Form:
    return {"if": {"type": "string"}, "then": {"enum": list(WORDS)}, "else": other}


def _call() -> Form:
    """What a test expects of one call, or of the rule that should have made it."""
    codes = [code for code in CODES if code.startswith("E3")]
    keys: Form = {key: {} for key in sorted(CALL_KEYS)}
    forms = KeyForms({AgainShape: {"expect": _word_or(_ref("call"))}})
    for shape in (SecondLookShape(), EndingShape()):
        keys |= forms.schema(shape)["properties"]
    return {
        "type": "object",
        "properties": {"error": {"enum": codes}, **keys},
        "additionalProperties": False,
        "minProperties": 1,
    }
