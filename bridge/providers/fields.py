"""The marshmallow fields of data files: text that names a place becomes sources, a list becomes signed parts.

Strict: nothing is coerced, an unknown key is an error that names the nearest known one.
"""

from typing import Any, cast

from marshmallow import Schema, ValidationError, fields

from bridge.providers.recipe import Echo, Group, Part, Text
from bridge.providers.source import Alternatives, Source, parse, suggest

_SIGNED = (
    *("raw", "method", "url", "secret"),
    *("header", "query", "field", "body"),
)


class Strict(Schema):
    """A schema whose unknown keys are errors with a suggestion."""

    def handle_error(
        self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any
    ) -> None:
        messages = cast(dict[str, Any], error.messages)
        known = {field.data_key or name for name, field in self.fields.items()}
        for key, found in messages.items():
            if found == [self.error_messages["unknown"]]:
                messages[key] = [f"is not a key here{suggest(key, known)}"]


class Name(fields.String):
    """Text, not empty."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if not text:
            raise ValidationError("must not be empty")
        return text


class Place(fields.Field[Alternatives]):
    """`a.x|b.y` of the given kinds. With `prefix` the text is the name alone: `header: X-A|X-B`."""

    def __init__(self, *kinds: str, prefix: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kinds, self.prefix = kinds, prefix

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Alternatives:
        if self.prefix and isinstance(value, str):
            value = "|".join(self.prefix + name.strip() for name in value.split("|"))
        return _parsed(value, self.kinds)


class Single(Place):
    """One place without alternatives."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Source:  # type: ignore[override]
        first, *others = super()._deserialize(value, *args, **kwargs)
        if others:
            raise ValidationError("takes one place")
        return first


class Places(Place):
    """One place or a list of places to be joined."""

    def _deserialize(  # type: ignore[override]
        self, value: Any, *args: Any, **kwargs: Any
    ) -> tuple[Alternatives, ...]:
        values = value if isinstance(value, list) else [value]
        return tuple(_parsed(one, self.kinds) for one in values)


class Listed(fields.List[Any]):
    """A list, as a tuple."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> tuple[Any, ...]:  # type: ignore[override]
        return tuple(super()._deserialize(value, *args, **kwargs))


class Signed(fields.Field[tuple[Part, ...]]):
    """The signed parts: places, `{text: …}` for literal text, a nested list for a group that may be absent."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> tuple[Part, ...]:
        if not isinstance(value, list) or not value:
            raise ValidationError("takes a list of parts such as [raw]")
        return tuple(_part(one) for one in value)


class Echoed(Place):
    """A place to give back, or `{hmac: place}`."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Echo:  # type: ignore[override]
        hashed = isinstance(value, dict) and set(value) == {"hmac"}
        place = value["hmac"] if hashed else value
        return Echo(source=_parsed(place, self.kinds), hmac=hashed)


def _part(value: Any) -> Part:
    if isinstance(value, list):
        return Group(parts=tuple(_part(one) for one in value))
    if isinstance(value, dict):
        if set(value) != {"text"} or not isinstance(value["text"], str):
            raise ValidationError("literal text is written {text: …}")
        return Text(text=value["text"])
    return _parsed(value, _SIGNED)


def _parsed(value: Any, kinds: tuple[str, ...]) -> Alternatives:
    try:
        return parse(value, kinds)
    except ValueError as error:
        raise ValidationError(str(error)) from None
