"""What a body holds: its coding undone, then read as its media type says. Decides nothing about the sender.

Everything is bounded: a coding unpacks to MAX_UNPACKED bytes, a form has MAX_FIELDS fields, JSON lines are MAX_LINES.
Nothing is guessed from the bytes but a byte order mark, which UTF-8 does not need.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from typing import cast
from urllib.parse import parse_qsl

from bridge.errors import Malformed, TooLarge, UnsupportedType
from bridge.model import Json, Request
from bridge.strict import json, xml

CONTENT = ("json", "form", "xml")  # what a source may take
MAX_UNPACKED = 8 * 2**20  # bytes of a body whose coding was undone
MAX_MEMBERS = 16  # of a body that gzip packed in pieces
MAX_FIELDS = 1_000
MAX_LINES = 1_000

_DASHES = re.compile(rb"[\r\n]--")  # before each part, whatever ends a line there
_BOM = b"\xef\xbb\xbf"
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # zlib's name of each: its wbits
_CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
# What senders call these; the value names how it is read.
_MEDIA = {
    "application/json": "json",
    "text/json": "json",
    "text/plain": "json",  # as AWS SNS says of its JSON
    **dict.fromkeys(
        ("application/x-ndjson", "application/jsonl", "application/json-lines"), "lines"
    ),
    _FORM: "form",
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


def most_bytes(request: Request) -> int:
    """How many bytes whoever reads the body has to do with at most."""
    coded = request.body and request.values("content-encoding")
    return MAX_UNPACKED if coded else len(request.body)


def unpacked(request: Request) -> bytes:
    """The body without its content coding. Raises UnsupportedType, Malformed or TooLarge."""
    coding = ", ".join(request.values("content-encoding")).strip().lower()
    if coding in ("", "identity"):
        return request.body
    if coding not in _CODINGS:
        raise UnsupportedType(
            "send the body plain, or packed once by gzip or deflate",
            reason="content_encoding",
        )
    body, wbits = request.body, _CODINGS[coding]
    if coding == "deflate" and not _is_zlib(body):
        wbits = -15  # without zlib's head, as some senders write it
    return _inflated(body, wbits)


def kind(request: Request, accepted: Iterable[str]) -> str:
    """How the body is read: json, lines, form, multipart or xml. Raises UnsupportedType for what is not taken.

    A request without a Content-Type is taken as JSON, where JSON is taken.
    """
    accepted = tuple(accepted)
    values = request.values("content-type") or ("application/json",)
    for parameter in values[0].split(";")[1:]:
        name, _, value = parameter.partition("=")
        charset = value.strip(" \t\"'").lower()
        if name.strip().lower() == "charset" and charset not in _CHARSETS:
            raise UnsupportedType("the charset is not utf-8", reason="charset")
    if len(values) > 1 or taken_as(values[0]) not in accepted:
        raise UnsupportedType(
            f"the content type is not one this source takes: send {' or '.join(accepted)}"
        )
    return _kind(media_type(values[0]))


def read(request: Request, accepted: Iterable[str]) -> Content:
    """The body's value. Raises Malformed, UnsupportedType or TooLarge."""
    how = kind(request, accepted)
    return _READERS[how](unpacked(request).removeprefix(_BOM), request)


def form_pairs(text: bytes) -> list[tuple[str, str]]:
    """The decoded names and texts of a form or a query, in order. Raises Malformed."""
    try:
        return parse_qsl(
            text.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        message = f"the form is not UTF-8 or has more than {MAX_FIELDS} fields"
        raise Malformed(message, reason="form") from None


def folded(pairs: Iterable[tuple[str, Json]]) -> Json:
    """Each name once: its value, or the list of its values."""
    grouped: dict[str, list[Json]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: all[0] if len(all) == 1 else all for name, all in grouped.items()}


def _kind(media: str) -> str:
    if media.endswith("+json"):
        return "json"
    return "xml" if media.endswith("+xml") else _MEDIA.get(media, "")


def _is_zlib(body: bytes) -> bool:
    """RFC 1950, 2.2: the method is 8, and the two first bytes are a multiple of 31."""
    return (
        len(body) > 1
        and body[0] & 15 == 8
        and int.from_bytes(body[:2], "big") % 31 == 0
    )


def _inflated(body: bytes, wbits: int) -> bytes:
    """What is packed, in one piece, or by gzip in up to MAX_MEMBERS one after another."""
    found = b""
    for _ in range(MAX_MEMBERS if wbits > 15 else 1):
        unpacking = zlib.decompressobj(wbits)
        try:
            found += unpacking.decompress(body, MAX_UNPACKED + 1 - len(found))
        except zlib.error:
            raise Malformed(
                "the body cannot be unpacked", reason="content_encoding"
            ) from None
        if len(found) > MAX_UNPACKED:
            raise TooLarge(f"the body unpacks to more than {MAX_UNPACKED} bytes")
        body = unpacking.unused_data
        if not unpacking.eof or not body:
            break
    if not unpacking.eof or body:
        raise Malformed("the packed body is not whole", reason="content_encoding")
    return found


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


def _xml(body: bytes, request: Request) -> Content:
    return Content(value=xml.loads(body))


def _multipart(body: bytes, request: Request) -> Content:
    """Fields as a form has them; of a file its name, type and size."""
    head = request.values("content-type")[0].encode("latin-1")
    if sum(1 for _ in _DASHES.finditer(body)) > MAX_FIELDS + 1:
        message = f"the form has more than {MAX_FIELDS} fields"
        raise Malformed(message, reason="form")
    whole = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + head + b"\r\n\r\n" + body
    )
    parts = cast(
        list[EmailMessage], whole.get_payload() if whole.is_multipart() else []
    )
    if not parts or whole.defects:
        raise Malformed("the form's parts cannot be told apart", reason="form")
    return Content(value=folded(map(_part, parts)))


def _part(part: EmailMessage) -> tuple[str, Json]:
    name = part.get_param("name", header="content-disposition")
    held = part.get_payload(decode=True)
    if not isinstance(name, str) or not isinstance(held, bytes):
        raise Malformed("the form has a part without a name", reason="form")
    if (file := part.get_filename()) is not None:
        kind = part.get_content_type()
        return name, {"filename": file, "content_type": kind, "size": len(held)}
    try:
        return name, held.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the form is not UTF-8", reason="form") from None


_READERS: Mapping[str, Callable[[bytes, Request], Content]] = {
    "json": _json,
    "lines": _lines,
    "form": _form,
    "multipart": _multipart,
    "xml": _xml,
}
