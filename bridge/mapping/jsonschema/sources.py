"""What a source says of its sender, as JSON Schema: the provider's name, and the keys of `verify` and `event`.

Derived from the schemas that read the providers' data files. Knows no provider by name.
"""

from functools import singledispatch
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range

from bridge import providers
from bridge.mapping.jsonschema.keys import JsonSchema
from bridge.mapping.jsonschema.operations import REFERENCE
from bridge.providers.fields import Marked, Place, Places, Times, When
from bridge.providers.greeting_schema import (
    AnswersSchema,
    Handshakes,
    HandshakeSchema,
)
from bridge.providers.recipe_schema import RecipeSchema
from bridge.providers.schema import EventSchema


def source_details() -> dict[str, JsonSchema]:
    """What is known of the keys of `source`, by key; a source that names no provider is called as one."""
    provider = {"enum": list(providers.names())}
    published = [name for name in providers.names() if providers.get(name).fetches_keys]
    keyed = [
        {"properties": {key: {"enum": published}}, "required": [key]}
        for key in ("provider", "name")
    ]
    secret = {
        "description": "A reference, or a list of them while rotating.",
        "if": {"type": "array"},
        "then": {"items": REFERENCE, "minItems": 1},
        "else": {"anyOf": [REFERENCE, _LEARNT]},
    }
    recipe = _mapping(RecipeSchema())
    return {
        "provider": provider,
        "verify": {
            **recipe,
            "properties": {
                "secret": secret,
                "token": REFERENCE,
                **recipe["properties"],
            },
        },
        "event": _mapping(EventSchema()),
        "handshake": _form(Handshakes()),
        "answer": _mapping(AnswersSchema()),
        "": {
            "required": ["name", "verify"],
            "allOf": [{"if": {"anyOf": keyed}, "else": _PROVEN}],
            "if": {"required": ["provider"]},
            "else": {"properties": {"name": provider}},
        },
    }


_LEARNT: JsonSchema = {
    "title": "{ learnt: NAME }",
    "type": "object",
    "properties": {"learnt": {"type": "string", "pattern": r"\S"}},
    "required": ["learnt"],
    "additionalProperties": False,
}

# Something proves who sends: a secret, or keys that the sender publishes.
_PROVEN: JsonSchema = {
    "properties": {
        "verify": {"anyOf": [{"required": ["secret"]}, {"required": ["keys"]}]}
    }
}


def _mapping(schema: Schema) -> JsonSchema:
    items = schema.fields.items()
    keys = {field.data_key or name: _form(field) for name, field in items}
    return {"type": "object", "properties": keys, "additionalProperties": False}


@singledispatch
def _form(field: "fields.Field[Any]") -> JsonSchema:
    return {}


@_form.register
def _(field: fields.String) -> JsonSchema:
    choices = [check for check in field.validators if isinstance(check, OneOf)]
    return {"enum": [*choices[0].choices]} if choices else {"type": "string"}


@_form.register
def _(field: fields.Integer) -> JsonSchema:
    ranges = [check for check in field.validators if isinstance(check, Range)]
    bounds = {"minimum": ranges[0].min, "maximum": ranges[0].max} if ranges else {}
    return {"type": "integer", **bounds}


@_form.register
def _(field: fields.Boolean) -> JsonSchema:
    return {"type": "boolean"}


@_form.register
def _(field: fields.Nested) -> JsonSchema:
    null = {"type": ["object", "null"]} if field.allow_none else {}
    return {**_mapping(field.schema), **null}


@_form.register(fields.List)
def _(field: "fields.List[Any]") -> JsonSchema:
    return {"type": "array", "items": _form(field.inner)}


@_form.register
def _(field: Place) -> JsonSchema:
    return {"type": "string"}


@_form.register
def _(field: Marked) -> JsonSchema:
    mark = ["string", "boolean"]
    unless: JsonSchema = {"type": [*mark, "array"], "items": {"type": mark}}
    keys = {"from": {"type": "string"}, "unless": {**unless, "minItems": 1}}
    return {
        "type": ["string", "object"],
        "properties": keys,
        "required": ["from", "unless"],
        "additionalProperties": False,
    }


_CONDITIONS: JsonSchema = {
    "type": "object",
    "additionalProperties": {
        "type": ["string", "array"],
        "items": {"type": "string"},
        "minItems": 1,
    },
}


@_form.register
def _(field: When) -> JsonSchema:
    plain = ["string", "integer", "boolean"]
    held = {"type": [*plain, "array"], "items": {"type": plain}, "minItems": 1}
    return {"type": "object", "additionalProperties": held}


@_form.register
def _(field: Times) -> JsonSchema:
    keys = {
        "from": {"type": "string"},
        "when": _CONDITIONS,
        "unless": _CONDITIONS,
        "zone": {"type": "string"},
    }
    one = {
        "type": ["string", "object"],
        "properties": keys,
        "required": ["from"],
        "additionalProperties": False,
    }
    return {**one, "type": ["string", "object", "array"], "items": one}


@_form.register
def _(field: Handshakes) -> JsonSchema:
    one = _mapping(HandshakeSchema())
    return {**one, "type": ["object", "array"], "items": one}


@_form.register
def _(field: Places) -> JsonSchema:
    return {"type": ["string", "array"], "items": {"type": "string"}}
