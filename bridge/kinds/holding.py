"""The kinds that hold others: lists, mappings of any keys or of known ones; and all of them as JSON Schema."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Literal

from marshmallow import RAISE, Schema, ValidationError

from bridge.kinds.kind import Form, Kind, Problem, Problems, write
from bridge.model import Advice
from bridge.strict.yaml_writing import quoted, written

_BARE = re.compile(r"[\w*][\w.*/-]*")


class Forms:
    """How kinds are written within each other as JSON Schema; a room that has more to say overrides a part."""

    def item(self, kind: Kind) -> Form:
        """One of the values of a list or of a mapping of any keys."""
        return kind.json_form(self)

    def key(self, kind: Kind) -> Form:
        """A key of a mapping of known keys."""
        return kind.json_form(self)

    def schema(self, schema: Schema) -> Form:
        """A mapping of known keys."""
        return {
            "type": "object",
            "properties": {name: self.key(kind) for name, kind in keys_of(schema)},
            "additionalProperties": False,
        }


class List(Kind):
    """A list of one kind, of so many items."""

    json_type = "array"
    needs = "a list"

    def __init__(
        self,
        title: str = "",
        *,
        items: Kind,
        least: int = 1,
        most: int | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(title, **rest)
        self.items, self.least, self.most = items, least, most

    def problem(self, value: object) -> Problems:
        if not isinstance(value, list):
            return self.wrong_type(value)
        if len(value) < self.least:
            return Problem("is empty", "drop the key")
        if self.most and len(value) > self.most:
            return Problem(f"has more than {self.most} entries")
        return problems_of(self.items, enumerate(value))

    def advice(self, value: object) -> str:
        """The same as a list."""
        if isinstance(value, dict):
            return Advice("start each entry with '- '", "[…]")
        return list_help(self.items.listed(value)) if isinstance(value, str) else ""

    def read(self, value: Any) -> Any:
        return tuple(map(self.items.read, value))

    def json_form(self, forms: Forms) -> Form:
        least = {"minItems": self.least} if self.least else {}
        return {"type": "array", **least, "items": forms.item(self.items)}


class Names(Kind):
    """A mapping of any keys to values of one kind; `key` is the form of its keys."""

    json_type = "object"
    needs = "a mapping"

    def __init__(
        self,
        title: str = "",
        *,
        values: Kind,
        key: Kind | None = None,
        may_be_empty: bool = False,
        **rest: Any,
    ) -> None:
        super().__init__(title, **rest)
        self.values, self.key, self.may_be_empty = values, key, may_be_empty

    def problem(self, value: object) -> Problems:
        if not isinstance(value, Mapping):
            return self.wrong_type(value)
        if not value and not self.may_be_empty:
            return Problem("is empty", "drop the key")
        wrong = problems_of(self.values, value.items())
        if self.key:
            wrong |= problems_of(self.key, zip(value, value))
        return wrong

    def advice(self, value: object) -> str:
        return "write { name: … }"

    def read(self, value: Any) -> Any:
        return {key: self.values.read(item) for key, item in value.items()}

    def json_form(self, forms: Forms) -> Form:
        form = {"type": "object", "additionalProperties": forms.item(self.values)}
        if self.key:
            form["propertyNames"] = self.key.json_form(forms)
        return form if self.may_be_empty else {**form, "minProperties": 1}


class Group(Kind):
    """A mapping of the keys of a schema."""

    json_type = "object"
    needs = "a mapping"

    def __init__(
        self,
        title: str = "",
        *,
        schema: type[Schema],
        may_be_empty: bool = True,
        **rest: Any,
    ) -> None:
        super().__init__(title, **rest)
        self.schema, self.may_be_empty = schema, may_be_empty

    def problem(self, value: Any) -> Problems:
        return self._as_a_whole(value) or made(self.schema).validate(value)

    def _as_a_whole(self, value: object) -> str:
        if not isinstance(value, Mapping):
            return self.wrong_type(value)
        if not value and not self.may_be_empty:
            return Problem("is empty", "drop the key")
        return ""

    def advice(self, value: object) -> str:
        """The keys that it needs, or any one of those it takes; with the value, where that is all of it."""
        keys = dict(keys_of(made(self.schema)))
        needed = [name for name, key in keys.items() if key.required]
        outline = ", ".join(f"{name}: …" for name in needed or [*keys][:1])
        template = [keys[name].metadata["notation"] for name in needed] == ["template"]
        if not template or not isinstance(value, str):
            return f"write {{ {outline} }}"
        inner = value if "{{" in value else f"{{{{ {value} }}}}"
        return write(f"{{ {needed[0]}: {quoted(inner)} }}")

    def json_form(self, forms: Forms) -> Form:
        form = forms.schema(made(self.schema))
        form |= {"type": ["object", "null"]} if self.allow_none else {}
        return form if self.may_be_empty else {**form, "minProperties": 1}

    def _deserialize(self, value: Any, *_: object, **__: object) -> Any:
        if problem := self._as_a_whole(value):
            raise ValidationError(problem)
        return made(self.schema).load(value)


@cache
def made(schema: type[Schema], unknown: Literal["raise", "include"] = RAISE) -> Schema:
    """One shared instance of a schema: making one copies every field, which costs more than the check itself."""
    instance = schema(unknown=unknown)
    instance.error_messages["unknown"] = "is unknown"
    return instance


def keys_of(schema: Schema) -> Iterator[tuple[str, Kind]]:
    """The keys of a schema as they are written."""
    for name, kind in schema.fields.items():
        if isinstance(kind, Kind):
            yield kind.data_key or name, kind


def problems_of(kind: Kind, items: Iterable[tuple[Any, object]]) -> dict[Any, Problems]:
    """The problems of several values of one kind, by key; empty when there are none."""
    found = ((key, kind.problem_of(item)) for key, item in items)
    return {key: problem for key, problem in found if problem}


def flat(problems: Problems, path: str = "") -> Iterator[tuple[str, str]]:
    """Problems within each other as dotted paths, the first of each."""
    if isinstance(problems, dict):
        for key, below in problems.items():
            # What is wrong with a mapping as a whole has that name in marshmallow.
            inner = f"{path}.{key}" if path else str(key)
            yield from flat(below, path if key == "_schema" else inner)
    else:
        yield path, problems if isinstance(problems, str) else problems[0]


def list_help(items: list[str]) -> Advice:
    """Entries as a list on one line."""
    texts = (item if _BARE.fullmatch(item) else written(item) for item in items)
    return write(f"[{', '.join(texts)}]")
