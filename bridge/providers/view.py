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
from urllib.parse import quote, unquote

from bridge.errors import Malformed
from bridge.model import Json, Request
from bridge.providers import content as contents
from bridge.providers.forms import folded, form_pairs
from bridge.providers.packing import unpacked
from bridge.providers.source import Absent, Alternatives, Source, Unreadable, written
from bridge.strict.json import DUPLICATE_KEY
from bridge.strict.paths import dig

_DOUBLED = "an object in the body has a key twice: the last one counts"
_TOKEN = re.compile(
    r"(?P<hook>[^?]*/hooks/[^/?]+)/(?P<token>[^/?]+)(?P<query>\?.*)?", re.DOTALL
)


class View:
    """One request. `url` is the public URL it was sent to, `account` what its sender calls this endpoint.

    `exact` refuses a body with a key twice, as for proofs in it: which of two is meant is not for their reader to say.
    """

    def __init__(
        self,
        request: Request,
        *,
        content: Iterable[str] = contents.CONTENT,
        url: str | None = None,
        account: str | None = None,
        exact: bool = False,
    ) -> None:
        self.request, self.content, self.url = request, tuple(content), url
        self.account, self.exact = account, exact
        self.raw = request.body
        self.notes: list[str] = []  # what is worth saying about what was read
        self._sums: list[int] = []  # of `raw`, one for all elements of a batch
        self.fields: tuple[tuple[str, str], ...] = ()
        self.item: Json = None

    def about(self, item: Json, fields: Iterable[tuple[str, str]]) -> "View":
        """The same request seen from one element of its batch, with the parts of that element's proof."""
        view = copy.copy(self)
        view.item, view.fields = item, tuple(fields)
        return view

    def unpacked(self) -> "View":
        """The same request, `raw` being what its packed body holds. Raises as `body` does."""
        view = copy.copy(self)
        view.raw, view._sums = unpacked(self.request), []
        return view

    @cached_property
    def body(self) -> Json:
        """The parsed body, the query's values where there is none. Raises Malformed, UnsupportedType or TooLarge."""
        asks = self.request.method in ("GET", "HEAD") or self.query
        if not self.request.body and asks:
            return folded(self.query)
        found = contents.read(self.request, self.content)
        if found.doubled:
            self.doubled()
        return found.value

    def doubled(self) -> None:
        """Notes that an object has a key twice. Raises Malformed where that is for nobody to choose between."""
        if self.exact:
            message = "the body has an object with a duplicate key"
            raise Malformed(message, reason=DUPLICATE_KEY)
        if _DOUBLED not in self.notes:
            self.notes.append(_DOUBLED)

    @cached_property
    def kind(self) -> str:
        """How the body is read: json, form … Raises UnsupportedType for what is not taken."""
        return contents.kind(self.request, self.content)

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form body, in order. Raises Malformed."""
        return form_pairs(unpacked(self.request))

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The decoded query parameters, in order."""
        query = self.request.target.partition("?")[2]
        return form_pairs(query.encode("utf-8", "surrogatepass"))

    def value(self, places: Alternatives, item: Json = None) -> Json:
        """The value of the first place that has one; None when none has. Raises Unreadable for two values in one."""
        for source in places:
            found = self._value(source, item)
            if source.word and found not in (None, ""):
                return source.word
            if found is not None and not source.word:
                return found
        return None

    def holds(
        self,
        conditions: Iterable[tuple[Alternatives, tuple[str, ...]]],
        item: Json = None,
    ) -> bool:
        """Whether one of its texts stands at each place; a content type is compared without its parameters."""
        return all(
            _comparable(places, self.value(places, item))
            in [_comparable(places, text) for text in texts]
            for places, texts in conditions
        )

    def octets(self, places: Alternatives, key: bytes = b"") -> bytes:
        """The bytes that stand there, as a signature covers them. Raises Absent or Unreadable."""
        for source in places:
            if source.kind == "raw":
                return self.raw
            if source.kind == "secret":
                return key
            found = self._value(source, self.item)
            if isinstance(found, str | int | Decimal):
                return _octets(found, source)
        raise Absent(" or ".join(map(str, places)))

    def _checksum(self) -> int:
        if not self._sums:
            self._sums.append(zlib.crc32(self.raw))
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
            case "hash":
                return None  # read.py makes it, of what an event is
            case "crc32":
                return self._checksum()
            case "path":
                return path_token(self.request.target)
            case "item":
                return dig(item, source.path)
            case "raw":
                return _text(contents.as_utf8(self.request))
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


def _named(pairs: Iterable[tuple[str, str]], name: str) -> tuple[str, ...]:
    return tuple(value for key, value in pairs if key == name)


def _single(values: tuple[str, ...], source: Source) -> str | None:
    if len(values) > 1:
        raise Unreadable(f"{source} occurs {len(values)} times", "doubled_part")
    return values[0] if values else None


def _comparable(places: Alternatives, value: Json) -> Json:
    typed = any(one.kind == "header" and one.name == "content-type" for one in places)
    if typed and isinstance(value, str):
        return contents.media_type(value)
    return written(value) if isinstance(value, int | Decimal) else value


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8", "not_text") from None


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
