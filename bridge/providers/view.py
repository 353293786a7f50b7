"""A request as recipes see it: each source looked up when it is asked for, so that nothing is parsed before its time.

Reads and rewrites requests, and decides nothing about them. A place that holds two values is unreadable: whoever
would take the first and whoever would take the last must never disagree.
"""

import copy
import re
import zlib
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from urllib.parse import parse_qsl, quote, unquote

from bridge.errors import Malformed, UnsupportedType
from bridge.model import Json, Request
from bridge.providers.source import (
    Absent,
    Alternatives,
    Source,
    Unreadable,
    dig,
)
from bridge.strict import json

CONTENT = ("json", "form")

_MAX_FIELDS = 1_000
_TOKEN = re.compile(
    r"(?P<hook>[^?]*/hooks/[^/?]+)/(?P<token>[^/?]+)(?P<query>\?.*)?", re.DOTALL
)


class View:
    """One request. `url` is the public URL it was sent to, `account` what its sender calls this endpoint."""

    def __init__(
        self,
        request: Request,
        *,
        content: Iterable[str] = CONTENT,
        url: str | None = None,
        account: str | None = None,
    ) -> None:
        self.request, self.content, self.url = request, tuple(content), url
        self.account = account
        self._sums: list[int] = []  # of the body, one for all elements of a batch
        self.fields: tuple[tuple[str, str], ...] = ()
        self.item: Json = None

    def about(self, item: Json, fields: Iterable[tuple[str, str]]) -> "View":
        """The same request seen from one element of its batch, with the parts of that element's proof."""
        view = copy.copy(self)
        view.item, view.fields = item, tuple(fields)
        return view

    @cached_property
    def body(self) -> Json:
        """The parsed body. Raises Malformed or UnsupportedType."""
        if self.request.method in ("GET", "HEAD") and not self.request.body:
            return dict(_folded(self.query))
        if self.kind == "json":
            return json.loads(self.request.body)
        return dict(_folded(self.form))

    @cached_property
    def kind(self) -> str:
        """json or form, as the request says. Raises UnsupportedType for what is not taken."""
        return _content(self.request, self.content)

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form body, in order. Raises Malformed."""
        return _pairs(self.request.body)

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
            found = self._value(source, self.item)
            if isinstance(found, str | int | Decimal):
                return _octets(found, source)
        raise Absent(" or ".join(map(str, places)))

    def _checksum(self) -> int:
        if not self._sums:
            self._sums.append(zlib.crc32(self.request.body))
        return self._sums[0]

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
            case "account":
                return self.account
            case "crc32":
                return self._checksum()
            case "path":
                return path_token(self.request.target)
            case "item":
                return dig(item, source.path)
            case _:
                return dig(self.body, source.path)


def path_token(target: str) -> str | None:
    """What follows /hooks/<source>/ in a request's target, decoded; None when nothing does."""
    found = _TOKEN.fullmatch(target)
    return unquote(found["token"]) if found else None


def with_path_token(target: str, token: str) -> str:
    """The target with this, percent-encoded but for `<` and `>`, after /hooks/<source>/."""
    found = _TOKEN.fullmatch(target)
    path, mark, query = target.partition("?")
    hook, rest = (
        (found["hook"], found["query"] or "") if found else (path, mark + query)
    )
    return f"{hook}/{quote(token, safe='<>')}{rest}"


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
