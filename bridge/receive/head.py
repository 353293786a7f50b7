"""The head of one request, read by llhttp and by rules of ours; where one of them says no, it is refused.

Pure: bytes in, a Head out. What two readers could take for different requests has no reading here, as with a strict
proxy. llhttp sees to the grammar: ends of lines, the characters of names and values, both ways to frame a body at
once. What it would let pass is refused here: a folded line, other targets than a path, fields that may stand once.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

LINE = 8_190  # bytes of a line, its end included
FIELDS = 100

# Method, target (path, query), version. Of a URL as target the host is passed over (RFC 9112, 3.2.2).
_FIRST = re.compile(
    r"([A-Z-]{3,20}) ((?:https?://[0-9A-Za-z.-]+(?::[0-9]+)?)?"
    r'(/[!"$->@-~]*)(?:\?([!"$-~]*))?) (HTTP/1\.[01])'
)
_LENGTH = re.compile(r"[0-9]{1,18}")
_ONCE = ("HTTP_HOST", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING")
_UNPREFIXED = ("CONTENT_TYPE", "CONTENT_LENGTH")


class BadHead(Exception):
    """What came is no request. `status` is the answer; the words hold nothing of what was sent."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class Head(NamedTuple):
    """What one says."""

    environ: dict[str, Any]  # WSGI's keys for the request line and the fields
    length: int | None  # of the body; None: it comes in chunks
    keeps: bool  # whether its client wants to go on with this connection
    asks: bool  # whether it waits for `100 Continue` before it sends the body


def read_head(raw: bytes) -> Head:
    """The head in these bytes, which end in its empty line. Raises BadHead."""
    raw = raw.removeprefix(b"\r\n")  # RFC 9112, 2.2: some send one behind a body
    first = _FIRST.fullmatch(_first_line(raw))
    if first is None:
        raise BadHead(
            400, "the first line is not a request line of HTTP/1.1, or has no path"
        )
    method, target, path, query, version = first.groups("")
    fields = _Fields(raw).by_name
    wishes = fields.get("HTTP_CONNECTION", "").lower().replace(" ", "").split(",")
    is_1_1 = version == "HTTP/1.1"
    environ = {
        "REQUEST_METHOD": method,
        "RAW_URI": target,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1") if "%" in path else path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": version,
        **fields,
    }
    return Head(
        environ,
        length=_length(fields, is_1_1),
        keeps="close" not in wishes and (is_1_1 or "keep-alive" in wishes),
        asks=_asks(fields) and is_1_1,
    )


def _first_line(raw: bytes) -> str:
    """The first of its lines, which are as many and as long as they may be, and lines."""
    lines = raw.split(b"\r\n")
    if len(lines[0]) > LINE - 2:
        raise BadHead(414, f"the request line is longer than {LINE} bytes")
    if len(lines) - 3 > FIELDS or max(map(len, lines)) > LINE - 2:
        said = f"a header is longer than {LINE} bytes, or there are more than {FIELDS}"
        raise BadHead(431, said)
    return lines[0].decode("latin-1")


class _Fields:
    """What llhttp finds, by WSGI's keys. Its methods that begin with `on_` are llhttp's to call."""

    def __init__(self, raw: bytes) -> None:
        self.by_name: dict[str, str] = {}
        self._missing = raw.count(b"\n") - 2  # a folded one is missing
        try:
            HttpRequestParser(self).feed_data(raw)
        except HttpParserUpgrade:
            pass  # nobody has to follow such a wish, and nobody does here
        except HttpParserError:
            self._missing = -1
        if self._missing:
            raise BadHead(400, "the headers are not valid HTTP")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._missing -= 1
        text = value.strip(b" \t").decode("latin-1")
        if (key := _key(name)) in self.by_name:
            if key in _ONCE:
                raise ValueError
            text = f"{self.by_name[key]},{text}"
        if key:
            self.by_name[key] = text


@lru_cache(maxsize=1_000)
def _key(name: bytes) -> str:
    """WSGI's key for a name; none for one with an underscore, which would pass for another name."""
    text = name.decode("latin-1")
    if "_" in text:
        return ""
    key = text.upper().replace("-", "_")
    return key if key in _UNPREFIXED else f"HTTP_{key}"


def _length(fields: dict[str, str], is_1_1: bool) -> int | None:
    """What the body is framed by. Raises BadHead where there could be two minds about it."""
    if (coding := fields.get("HTTP_TRANSFER_ENCODING")) is not None:
        if coding.lower() == "chunked" and is_1_1 and "CONTENT_LENGTH" not in fields:
            return None
        said = "the only transfer coding accepted is chunked, in HTTP/1.1, without a Content-Length"
        raise BadHead(400, said)
    length = fields.get("CONTENT_LENGTH", "0")
    if not _LENGTH.fullmatch(length):
        raise BadHead(400, "Content-Length is not a number")
    return int(length)


def _asks(fields: dict[str, str]) -> bool:
    if (wish := fields.get("HTTP_EXPECT")) is None:
        return False
    if wish.lower() != "100-continue":
        raise BadHead(417, "the only expectation accepted is 100-continue")
    return True
