"""What a body holds: its coding undone, then read as its media type says. Decides nothing about the sender.

Everything is bounded: JSON lines by MAX_LINES, forms in forms.py, unpacking in packing.py. Nothing is guessed from the
bytes except a byte order mark, which UTF-8 does not need.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bridge.errors import TooLarge, UnsupportedType
from bridge.model import Json, Request
from bridge.providers.forms import folded, form_pairs, multipart_pairs
from bridge.providers.packing import unpacked
from bridge.strict import json, xml
from bridge.strict.outgoing import FORM

CONTENT = ("json", "form", "xml")  # what a source may take
MAX_LINES = 1_000

_BOM = b"\xef\xbb\xbf"
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})  # of all but XML
_MULTIPART = "multipart/form-data"
# What senders call these; the value names how it is read.
_MEDIA = {
    "application/json": "json",
    "text/json": "json",
    "text/plain": "json",  # as AWS SNS says of its JSON
    **dict.fromkeys(
        ("application/x-ndjson", "application/jsonl", "application/json-lines"), "lines"
    ),
    FORM: "form",
    _MULTIPART: "multipart",
    "application/xml": "xml",
    "text/xml": "xml",
}
_TAKEN_AS = {"lines": "json", "multipart": "form"}  # what a source that takes it says


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A body's value; `doubled` where an object in it has a key twice, of which the last one counted."""

    value: Json
    doubled: bool = False


def media_type(text: str) -> str:
    """A media type without its parameters, in lower case: `Text/JSON; charset=UTF-8` is text/json."""
    return text.partition(";")[0].strip().lower()


def taken_as(media: str) -> str:
    """What a source that takes a media type says under `content`; "" for one that nobody reads."""
    found = _kind(media_type(media))
    return _TAKEN_AS.get(found, found)


def is_xml(request: Request) -> bool:
    """Whether the body is XML, by its Content-Type."""
    return taken_as("".join(request.values("content-type")[:1])) == "xml"


def kind(request: Request, accepted: Iterable[str]) -> str:
    """How the body is read: json, lines, form, multipart or xml. Raises UnsupportedType for what is not taken.

    A request without a Content-Type is taken as JSON, where JSON is taken.
    """
    accepted = tuple(accepted)
    values = request.values("content-type") or ("application/json",)
    known = xml.CHARSETS if taken_as(values[0]) == "xml" else _CHARSETS
    charset = _charset(values[0])
    if charset is not None and charset not in known:
        raise UnsupportedType("the charset is not utf-8", reason="charset")
    if len(values) > 1 or taken_as(values[0]) not in accepted:
        raise UnsupportedType(
            f"this source does not accept the content type: send {' or '.join(accepted)}"
        )
    return _kind(media_type(values[0]))


def read(request: Request, accepted: Iterable[str]) -> Content:
    """The body's value. Raises Malformed, UnsupportedType or TooLarge."""
    how = kind(request, accepted)
    return _READERS[how](as_utf8(request).removeprefix(_BOM), request)


def as_utf8(request: Request) -> bytes:
    """The body without its coding; XML of another encoding in UTF-8, after the mark that goes before its words.

    Raises as `unpacked` does, and Malformed for XML that is not in the encoding which it says.
    """
    body = unpacked(request)
    if not is_xml(request):
        return body
    charset = _charset(request.values("content-type")[0]) or ""
    same = xml.decoded(body, charset).encode("utf-8")
    return body if body.removeprefix(_BOM) == same else _BOM + same


def _charset(media: str) -> str | None:
    """What follows a media type as its charset; two that differ are none that anybody knows."""
    pairs = (one.lower().partition("=") for one in media.split(";")[1:])
    named = {
        text.strip(" \t\"'") for name, _, text in pairs if name.strip() == "charset"
    }
    return ",".join(named) if named else None


def _kind(media: str) -> str:
    if media.endswith("+json"):
        return "json"
    return "xml" if media.endswith("+xml") else _MEDIA.get(media, "")


def _json(body: bytes, request: Request) -> Content:
    value, doubled = json.loads_last(body)
    return Content(value=value, doubled=doubled)


def _lines(body: bytes, request: Request) -> Content:
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) > MAX_LINES:
        raise TooLarge(f"the body has over {MAX_LINES} lines", reason="batch_size")
    read = [json.loads_last(line) for line in lines]
    return Content(
        value=[value for value, _ in read], doubled=any(twice for _, twice in read)
    )


def _form(body: bytes, request: Request) -> Content:
    return Content(value=folded(form_pairs(body)))


def _multipart(body: bytes, request: Request) -> Content:
    content_type = request.values("content-type")[0]
    return Content(value=folded(multipart_pairs(body, content_type)))


def _xml(body: bytes, request: Request) -> Content:
    return Content(value=xml.loads(body, "utf-8"))


_READERS: Mapping[str, Callable[[bytes, Request], Content]] = {
    "json": _json,
    "lines": _lines,
    "form": _form,
    "multipart": _multipart,
    "xml": _xml,
}
