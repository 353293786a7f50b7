"""A request as recipes see it: each source looked up when it is asked for, so that nothing is parsed before its time.

Reads and rewrites requests, and decides nothing about them. A place that holds two values is unreadable: whoever
would take the first and whoever would take the last must never disagree.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from urllib.parse import parse_qsl, urlencode

from bridge.errors import Malformed, UnsupportedType
from bridge.model import Json, Request
from bridge.providers.source import (
    Absent,
    Alternatives,
    Source,
    Unreadable,
    change,
    dig,
)
from bridge.strict import json

CONTENT = ("json", "form")

_MAX_FIELDS = 1_000


class View:
    """One request. `fields` are the parts of its signature header, `url` the public URL it was sent to."""

    def __init__(
        self,
        request: Request,
        *,
        content: Iterable[str] = CONTENT,
        fields: Iterable[tuple[str, str]] = (),
        url: str | None = None,
    ) -> None:
        self.request, self.content, self.url = request, tuple(content), url
        self.fields = tuple(fields)

    @cached_property
    def body(self) -> Json:
        """The parsed body. Raises Malformed or UnsupportedType."""
        if self.request.method in ("GET", "HEAD") and not self.request.body:
            return dict(_folded(self.query))
        if _content(self.request, self.content) == "json":
            return json.loads(self.request.body)
        return dict(_folded(_pairs(self.request.body)))

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The decoded query parameters, in order."""
        query = self.request.target.partition("?")[2]
        return _pairs(query.encode("utf-8", "surrogatepass"))

    def value(self, places: Alternatives, item: Json = None) -> Json:
        """The value of the first place that has one; None when none has. Raises Unreadable for two values in one."""
        for source in places:
            found = self._value(source, item)
            if found is not None:
                return found
        return None

    def octets(self, places: Alternatives, key: bytes = b"") -> bytes:
        """The bytes that stand there, as a signature covers them. Raises Absent or Unreadable."""
        for source in places:
            if source.kind == "raw":
                return self.request.body
            if source.kind == "secret":
                return key
            found = self._value(source, None)
            if isinstance(found, str | int | Decimal):
                return _octets(found, source)
        raise Absent(" or ".join(map(str, places)))

    def _value(self, source: Source, item: Json) -> Json:
        match source.kind:
            case "header":
                return _single(self.request.values(source.name), source)
            case "query":
                return _single(_named(self.query, source.name), source)
            case "field":
                return _single(_named(self.fields, source.name), source)
            case "method":
                return self.request.method
            case "url":
                return self.url
            case "item":
                return dig(item, source.path)
            case _:
                return dig(self.body, source.path)


def put(request: Request, places: Alternatives, text: str) -> Request:
    """The request with `text`, and nothing else, at the place that it already uses, or at the first one."""
    view = View(request)
    source = next((one for one in places if view.value((one,))), places[0])
    if source.kind == "header":
        others = [pair for pair in request.headers if pair[0].lower() != source.name]
        written = next(
            (name for name, _ in request.headers if name.lower() == source.name),
            source.name,
        )
        return replace(request, headers=(*others, (written, text)))
    if source.kind == "query":
        path = request.target.partition("?")[0]
        pairs = [pair for pair in view.query if pair[0] != source.name]
        return replace(
            request, target=f"{path}?{urlencode([*pairs, (source.name, text)])}"
        )
    body = change(view.body, source.path, text)
    if _content(request, CONTENT) == "json":
        return replace(request, body=json.dumps(body))
    return replace(request, body=urlencode(body, doseq=True).encode())  # type: ignore[arg-type]


def _content(request: Request, accepted: tuple[str, ...]) -> str:
    """json or form. A request without a Content-Type is taken as JSON, where JSON is taken."""
    values = request.values("content-type") or ("application/json",)
    media, *parameters = (part.strip().lower() for part in values[0].split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8"):
            raise UnsupportedType("the charset is not utf-8", reason="charset")
    kinds = {"application/json": "json", "application/x-www-form-urlencoded": "form"}
    kind = "json" if media.endswith("+json") else kinds.get(media)
    if len(values) > 1 or kind not in accepted:
        raise UnsupportedType(
            f"the content type is not one this source takes: send {' or '.join(accepted)}"
        )
    return kind


def _pairs(text: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            text.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        message = f"the form is not UTF-8 or has more than {_MAX_FIELDS} fields"
        raise Malformed(message, reason="form") from None


def _folded(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, Json]]:
    """Each name once: its text, or the list of its texts."""
    grouped: dict[str, list[Json]] = {}
    for name, text in pairs:
        grouped.setdefault(name, []).append(text)
    return ((name, all[0] if len(all) == 1 else all) for name, all in grouped.items())


def _named(pairs: Iterable[tuple[str, str]], name: str) -> tuple[str, ...]:
    return tuple(value for key, value in pairs if key == name)


def _single(values: tuple[str, ...], source: Source) -> str | None:
    if len(values) > 1:
        raise Unreadable(f"{source} is there {len(values)} times", "doubled_part")
    return values[0] if values else None


def _octets(value: str | int | Decimal, source: Source) -> bytes:
    """Headers and their fields were decoded as latin-1 on arrival; everything else is UTF-8."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    try:
        return str(value).encode(
            "latin-1" if source.kind in ("header", "field") else "utf-8"
        )
    except UnicodeEncodeError:
        raise Unreadable(f"{source} is not text", "not_text") from None
