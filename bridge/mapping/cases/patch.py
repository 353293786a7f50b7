"""A recorded request with some of its values changed: `event.data.object.currency: usd`, null deletes, `!null` is null.

The body itself is changed, so that whatever a provider reads out of it (id, type, time) changes with it. In a batch
each element is changed.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial
from urllib.parse import parse_qsl, urlencode

from bridge.mapping.findings import suggest
from bridge.mapping.rules.ruleset import Change, Null
from bridge.model import Json, Request
from bridge.providers import Provider, folded
from bridge.strict import json
from bridge.strict.paths import change_each


class CannotPatch(ValueError):
    """A path to patch leads nowhere, or the body cannot carry its new value. Names no value."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


def patched(
    request: Request, provider: Provider, changes: Mapping[str, Change]
) -> Request:
    """The request with the changes in its body. Raises CannotPatch, or Malformed."""
    return Opened(request).patched(provider, changes)


class Opened:
    """A recorded request whose body is read once, however often it is patched."""

    def __init__(self, request: Request) -> None:
        self._request = request
        types = request.values("content-type")
        self._form = any("form" in value.lower() for value in types)

    def patched(self, provider: Provider, changes: Mapping[str, Change]) -> Request:
        """The request with the changes in its body. Raises CannotPatch, or Malformed."""
        if not changes:
            return self._request
        body, items = self._body, provider.event.items
        for path, value in changes.items():
            change = partial(_changed, keys=tuple(path.split(".")[1:]), value=value)
            body = change_each(body, items.path if items else (), change)
        raw = _write_form(body) if self._form else json.dumps(body)
        headers = self._request.without("content-length")
        return replace(self._request, body=raw, headers=headers)

    @cached_property
    def _body(self) -> Json:
        raw = self._request.body
        return _read_form(raw) if self._form else json.loads(raw)


def _changed(tree: Json, keys: tuple[str, ...], value: Change) -> Json:
    key, rest = keys[0], keys[1:]
    if isinstance(tree, list) and key.isdecimal() and int(key) < len(tree):
        new = [*tree]
        new[int(key) : int(key) + 1] = _kept(tree[int(key)], rest, value)
        return new
    if not isinstance(tree, dict) or rest and key not in tree:
        message = f"the payload has no '{key}' on the path to patch"
        raise CannotPatch(message, suggest(key, tree if isinstance(tree, dict) else ()))
    kept = _kept(tree.get(key), rest, value)
    others = {name: item for name, item in tree.items() if name != key}
    return {**tree, key: kept[0]} if kept else others


def _kept(old: Json, rest: tuple[str, ...], value: Change) -> list[Json]:
    """The new value as a list of one, an empty list where it is deleted."""
    if rest:
        return [_changed(old, rest, value)]
    if isinstance(value, Null):
        return [None]
    return [] if value is None else [value]


def _read_form(raw: bytes) -> Json:
    """Each field's text; a list where a field is there several times, as events have it."""
    return folded(parse_qsl(raw.decode("ascii"), keep_blank_values=True))


def _write_form(body: Json) -> bytes:
    """A form with these fields. Raises CannotPatch for a value that no form has."""
    pairs = [
        (name, _form_text(name, item))
        for name, value in (body.items() if isinstance(body, dict) else ())
        for item in (value if isinstance(value, list) else [value])
    ]
    return urlencode(pairs).encode()


def _form_text(name: str, value: Json) -> str:
    """Text as it is, a number or a boolean as JSON writes it, which is what senders do."""
    if value is None:
        message = f"'{name}' is a form field, which cannot be null"
        help = "write '' for a field without text, or null, which leaves it out"
        raise CannotPatch(message, help)
    if isinstance(value, dict | list):
        message = f"'{name}' is a form field, which must be text"
        raise CannotPatch(message, "write text, or a list of texts")
    return value if isinstance(value, str) else json.dumps(value).decode()
