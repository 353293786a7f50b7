"""What a source says of its sender, as JSON Schema: the provider's name, and the keys of `verify` and `event`.

Derived from the schemas that read the providers' data files. Knows no provider by name.
"""

from bridge import providers
from bridge.kinds import Form, Forms, made
from bridge.mapping.jsonschema.operations import REFERENCE
from bridge.providers.greeting_schema import AnswersSchema, Handshakes
from bridge.providers.recipe_schema import RecipeSchema
from bridge.providers.schema import EventSchema


def source_details() -> dict[str, Form]:
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
    forms = Forms()
    recipe = forms.schema(made(RecipeSchema))
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
        "event": forms.schema(made(EventSchema)),
        "handshake": forms.key(Handshakes()),
        "answer": forms.schema(made(AnswersSchema)),
        "": {
            "required": ["name", "verify"],
            "allOf": [{"if": {"anyOf": keyed}, "else": _PROVEN}],
            "if": {"required": ["provider"]},
            "else": {"properties": {"name": provider}},
        },
    }


_LEARNT: Form = {
    "title": "{ learnt: NAME }",
    "type": "object",
    "properties": {"learnt": {"type": "string", "pattern": r"\S"}},
    "required": ["learnt"],
    "additionalProperties": False,
}

# Something proves who sends: a secret, or keys that the sender publishes.
_PROVEN: Form = {
    "properties": {
        "verify": {"anyOf": [{"required": ["secret"]}, {"required": ["keys"]}]}
    }
}
