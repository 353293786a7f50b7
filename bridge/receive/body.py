"""The raw bytes of a request: all of them, or a refusal.

`Input` is what our worker's applications read them from, `read_body` reads them. It asks for one byte more than is
allowed, and compares what came with what was announced: a body that was cut somewhere must not pass for a whole one.
"""

import io
import time
from typing import Any

from bridge.errors import Malformed, TooLarge
from bridge.receive.chunks import Chunks
from bridge.receive.connection import Connection
from bridge.receive.large import Share

FRAMING = 16 * 1024  # bytes that may come on the wire besides twice the body's own
_PIECE = 64 * 1024
_PIECE_OF_CHUNKS = 4 * 1024  # small: its framing is counted once it was read
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def read_body(
    environ: dict[str, Any], *, limit: int, free: int, share: Share, seconds: float
) -> bytes:
    """The body. Raises TooLarge, Malformed, TooSlow, or Busy.

    Of one that is larger than `free` bytes the rest is read once `share` has room for all of it, for `seconds` at most.
    """
    announced = _announced(environ, limit)
    piece = _PIECE_OF_CHUNKS if announced is None else _PIECE
    until = time.monotonic() + seconds
    parts: list[bytes] = []
    largest = limit if announced is None else announced
    missing = largest + 1
    while missing > 0:
        if largest > free and not share.size and largest + 1 - missing >= free:
            share.take(largest, until)
        part = environ["wsgi.input"].read(min(missing, piece))
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return _checked(b"".join(parts), limit, announced)


def _announced(environ: dict[str, Any], limit: int) -> int | None:
    """The length that the head announces; None for a chunked body."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    announced = int(environ.get("CONTENT_LENGTH") or 0)
    if announced > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    return announced


def _checked(body: bytes, limit: int, announced: int | None) -> bytes:
    if len(body) > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    if announced is not None and len(body) != announced:
        raise Malformed(
            "the body is shorter than its Content-Length", reason="short_body"
        )
    return body


class Input(io.RawIOBase):
    """The body of one request; `length` is None where it comes in chunks. Says no with Refused."""

    def __init__(
        self, wire: Connection, length: int | None, *, asks: bool = False
    ) -> None:
        self._wire, self._asks = wire, asks
        self._left = length or 0
        self._chunks = Chunks() if length is None else None
        self._framed = FRAMING  # bytes that may come besides the body's own

    @property
    def whole(self) -> bool:
        """Whether it was read to its end."""
        return self._chunks.whole if self._chunks else not self._left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """As of any stream; b"" at its end or, where a length was announced, at that of the connection."""
        if self.whole:
            return 0
        try:
            if self._asks:
                self._asks = False
                self._wire.send(_CONTINUE)
            size, chunks = len(buffer), self._chunks
            part = self._joined(size, chunks) if chunks else self._counted(size)
        except OSError:
            raise Malformed("the body ended early", reason="broken_body") from None
        buffer[: len(part)] = part
        return len(part)

    def _counted(self, size: int) -> bytes:
        part = self._wire.body(min(size, self._left))
        self._left -= len(part)
        return part

    def _joined(self, size: int, chunks: Chunks) -> bytes:
        part = b""
        while not (part or chunks.whole):
            data = self._wire.body(size, chunked=True)
            if not data:
                raise Malformed("the chunks ended early", reason="broken_body")
            own = chunks.feed(data)
            self._wire.give_back(data[own:])
            part = chunks.take()
            self._framed += 2 * len(part) - own
            if self._framed < 0:
                said = "the body has too much framing: send it in larger chunks"
                raise Malformed(said, reason="framing")
        return part
