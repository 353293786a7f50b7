"""The kinds of value that only data files have: text that names a place becomes sources, a list signed parts.

Strict: nothing is coerced, an unknown key is an error that names the nearest known one.
"""

import re
from typing import Any, cast

from marshmallow import Schema, ValidationError

from bridge import kinds
from bridge.kinds import Form, Forms, Kind, Problems
from bridge.providers.canonical import CANONICAL
from bridge.providers.recipe import Canonical, Group, Live, Lower, Part, Time
from bridge.providers.source import (
    Alternatives,
    Conditions,
    Source,
    Text,
    parse,
    suggest,
    written,
)
from bridge.providers.times import known_zone

_SIGNED = (
    *("raw", "crc32", "method", "url", "secret", "account"),
    *("header", "query", "field", "body", "item"),
)

_HOST = re.compile(
    r"(?:(?:\*|[a-z0-9-]+)\.)*[a-z0-9-]+\.[a-z0-9-]+(?::[0-9]{1,5})?", re.IGNORECASE
)


class Strict(Schema):
    """A schema whose unknown keys are errors with a suggestion."""

    def handle_error(
        self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any
    ) -> None:
        messages = cast(dict[str, Any], error.messages)
        known = dict(kinds.keys_of(self))
        for key, found in messages.items():
            if found == [self.error_messages["unknown"]]:
                messages[key] = [f"is not a key here{suggest(key, known)}"]
            elif found == [Kind.default_error_messages["required"]]:
                messages[key] = ["is needed"]


class Meant(Kind):
    """A kind whose values stand for something: reading one says what is wrong with it."""

    def problem(self, value: object) -> Problems:
        try:
            self.read(value)
        except ValidationError as error:
            return error.messages
        return ""

    def _deserialize(self, value: object, *_: object, **__: object) -> Any:
        return self.read(value)


class Place(Meant):
    """`a.x|b.y` of the given kinds. With `prefix` the text is the name alone: `header: X-A|X-B`."""

    def __init__(self, *kinds: str, prefix: str = "", **rest: Any) -> None:
        super().__init__(**rest)
        self.kinds, self.prefix = kinds, prefix

    def read(self, value: Any) -> Any:
        if self.prefix and isinstance(value, str):
            value = "|".join(self.prefix + name.strip() for name in value.split("|"))
        return parsed(value, self.kinds)

    def json_form(self, forms: Forms) -> Form:
        return {"type": "string"}


class Single(Place):
    """One place without alternatives."""

    def read(self, value: Any) -> Any:
        first, *others = super().read(value)
        if others:
            raise ValidationError("takes one place")
        return first


class Places(Place):
    """One place or a list of places to be joined; each may give a word in place of its value."""

    def read(self, value: Any) -> Any:
        values = value if isinstance(value, list) else [value]
        return tuple(parsed(one, self.kinds, words=True) for one in values)

    def json_form(self, forms: Forms) -> Form:
        return {"type": ["string", "array"], "items": {"type": "string"}}


EACH = ((Source(kind="each"),),)  # in place of an id: there is none
HASH = ((Source(kind="hash"),),)  # nothing but what the event says


class Id(Places):
    """What Places takes, or the word `each`."""

    def read(self, value: Any) -> Any:
        return EACH if value == "each" else super().read(value)


class Marked(Place):
    """A place that is false in the sender's test mode, or {from: place, unless: text}: what it says then, or a list."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return Live(source=parsed(value, self.kinds))
        said = value.get("unless")
        texts = said if isinstance(said, list) else [said]
        if (
            set(value) != {"from", "unless"}
            or not texts
            or not all(isinstance(one, str | bool) and one != "" for one in texts)
        ):
            raise ValidationError("takes a place or {from: place, unless: text}")
        return Live(
            source=parsed(value["from"], self.kinds), unless=tuple(map(written, texts))
        )

    def json_form(self, forms: Forms) -> Form:
        mark = ["string", "boolean"]
        unless = {"type": [*mark, "array"], "items": {"type": mark}, "minItems": 1}
        return _or_mapping({"unless": unless}, ["from", "unless"])


class When(Meant):
    """`{place: text}`, or a list of texts: what has to stand where; a number or flag of JSON, too."""

    def __init__(self, *kinds: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.kinds = kinds

    def read(self, value: Any) -> Any:
        if isinstance(value, dict):
            value = {
                key: [*map(_plain, one)] if isinstance(one, list) else _plain(one)
                for key, one in value.items()
            }
        return conditions(value, self.kinds)

    def json_form(self, forms: Forms) -> Form:
        return _held("string", "integer", "boolean")


class Times(Place):
    """A place, `{from: place, when: …, unless: …, zone: NAME}`, or a list of these: the first that gives a time."""

    def read(self, value: Any) -> Any:
        return tuple(
            self._time(one) for one in (value if isinstance(value, list) else [value])
        )

    def _time(self, value: Any) -> Time:
        if not isinstance(value, dict):
            return Time(source=parsed(value, self.kinds))
        if "from" not in value or not set(value) <= {"from", "when", "unless", "zone"}:
            raise ValidationError(
                "takes a place or {from: place, when: {place: text}, unless: {place: text}, zone: NAME}"
            )
        try:
            zone = value.get("zone", "")
            known_zone(zone or "UTC")
        except (ValueError, TypeError, AttributeError):
            raise ValidationError(
                "`zone` is not a time zone: use a name like America/Santiago"
            ) from None
        return Time(
            source=parsed(value["from"], self.kinds),
            when=conditions(value.get("when", {}), self.kinds),
            unless=conditions(value.get("unless", {}), self.kinds),
            zone=zone,
        )

    def json_form(self, forms: Forms) -> Form:
        held = _held("string")
        keys = {"when": held, "unless": held, "zone": {"type": "string"}}
        one = _or_mapping(keys, ["from"])
        return {**one, "type": ["string", "object", "array"], "items": one}


class Hosts(kinds.List):
    """Host names; `*` stands for one label, but never for a part of who owns the host."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(items=kinds.Text(), most=16, **rest)

    def problem(self, value: object) -> Problems:
        problem = super().problem(value)
        if problem or all(_HOST.fullmatch(host) for host in cast(list[str], value)):
            return problem
        return "takes names such as keys.example.com or sns.*.example.com"


class Signed(Meant):
    """The signed parts: places, `{text: …}` for literal text, a nested list for a group that may be absent."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, list) or not value:
            raise ValidationError("takes a list of parts such as [raw]")
        return tuple(_part(one) for one in value)

    def json_form(self, forms: Forms) -> Form:
        return {}


def _or_mapping(keys: Form, required: list[str]) -> Form:
    """A place, or a mapping of these keys and `from`."""
    return {
        "type": ["string", "object"],
        "properties": {"from": {"type": "string"}, **keys},
        "required": required,
        "additionalProperties": False,
    }


def _held(*types: str) -> Form:
    """Places with the text that stands there, or a list of texts."""
    plain: list[str] | str = [*types] if types[1:] else types[0]
    held = {"type": [*types, "array"], "items": {"type": plain}, "minItems": 1}
    return {"type": "object", "additionalProperties": held}


def conditions(value: Any, kinds: tuple[str, ...]) -> Conditions:
    """`{place: text}` as places with the texts of which one must stand there. Raises ValidationError."""
    message = "takes places with the text that must stand there, or a list of texts"
    if not isinstance(value, dict):
        raise ValidationError(message)
    told = {key: one if isinstance(one, list) else [one] for key, one in value.items()}
    if not all(
        texts and all(isinstance(text, str) for text in texts)
        for texts in told.values()
    ):
        raise ValidationError(message)
    return tuple((parsed(key, kinds), tuple(texts)) for key, texts in told.items())


def _plain(value: Any) -> Any:
    return written(value) if isinstance(value, bool | int) else value


def _part(value: Any) -> Part:
    if isinstance(value, list):
        return Group(parts=tuple(_part(one) for one in value))
    if not isinstance(value, dict):
        return parsed(value, _SIGNED)
    if text := literal(value):
        return text
    match value:
        case {"lower": place, **others} if not others:
            return Lower(places=parsed(place, _SIGNED))
        case {"canonical": str(name), **others} if not others:
            return _canonical(name)
    raise ValidationError(
        "a part is a place, {text: …}, {lower: place} or {canonical: name}"
    )


def literal(value: Any) -> Text | None:
    """What `{text: …}` stands for; None for anything else."""
    match value:
        case {"text": str(text), **others} if not others:
            return Text(text=text)
    return None


def _canonical(name: str) -> Canonical:
    if name not in CANONICAL:
        raise ValidationError(
            f"there is no canonical text '{name}'{suggest(name, CANONICAL)}"
        )
    return Canonical(name=name, covers=CANONICAL[name].covers)


def parsed(value: Any, kinds: tuple[str, ...], *, words: bool = False) -> Alternatives:
    """The places that a text names, each of which may give a word if `words`. Raises ValidationError."""
    try:
        return parse(value, kinds, words=words)
    except ValueError as error:
        raise ValidationError(str(error)) from None
