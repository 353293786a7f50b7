"""A chunked body, read by llhttp. Pure: bytes in, bytes out.

llhttp does not tell where in the bytes it was given a body ended, and what stands behind it is the next request's. A
chunked body ends in an empty line, so it is given no bytes beyond the next one.
"""

from httptools import HttpParserError, HttpRequestParser

from bridge.errors import Malformed
from bridge.receive.head import FIELDS, LINE

_EMPTY_LINE = b"\r\n\r\n"
_HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
# Fields that would change, behind a body, how it was read or who sent it (RFC 9110, 6.5.1).
_NEVER_LAST = b"host content-length transfer-encoding trailer authorization te".split()


class Chunks:
    """One body. `whole` once its end was read. The methods that begin with `on_` are llhttp's to call."""

    def __init__(self) -> None:
        self.whole = False
        self._parts: list[bytes] = []
        # The last bytes that were read: an empty line may have begun there.
        self._last = b""
        self._fields = -1  # read behind the body; the coding in _HEAD does not count
        self._parser = HttpRequestParser(self)
        self._parser.feed_data(_HEAD)

    def feed(self, data: bytes) -> int:
        """Reads up to the body's end; how many of the bytes are its own. Raises Malformed for what is no chunk."""
        before, at = len(self._last), 0
        window = self._last + data
        try:
            while at < len(data) and not self.whole:
                empty_line = window.find(_EMPTY_LINE, max(before + at - 3, 0))
                end = len(data) if empty_line < 0 else empty_line + 4 - before
                self._parser.feed_data(data[at:end])
                at = end
        except HttpParserError:
            raise Malformed("the chunks are malformed", reason="broken_body") from None
        self._last = window[-3:]
        return at

    def take(self) -> bytes:
        """What was read of the body since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)

    def on_body(self, data: bytes) -> None:
        self._parts.append(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        late = self._fields > 0 and name.lower() in _NEVER_LAST
        if late or self._fields > FIELDS or len(name) + len(value) > LINE - 4:
            raise ValueError

    def on_message_complete(self) -> None:
        self.whole = True
