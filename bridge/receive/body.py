"""The raw bytes of a request: all of them, or a refusal.

WSGI servers cut silently: a chunked body over a limit arrives as exactly the limit, a short body as if it were whole.
So one byte more than allowed is asked for, and what came is compared with what was announced.
"""

import re
import time
from collections.abc import Callable
from typing import Any

from bridge.errors import Malformed, Refused, TooLarge, TooSlow
from bridge.receive.large import Share

FRAMING = 16 * 1024  # bytes that may come on the wire besides twice the body's own
_DIGITS = re.compile(r"[0-9]{1,18}")
_PIECE = 64 * 1024
_PIECE_OF_CHUNKS = (
    4 * 1024
)  # small, since their framing is paid for before they are read

Allow = Callable[[int], None]


def read_body(
    environ: dict[str, Any], *, limit: int, free: int, share: Share, seconds: float
) -> bytes:
    """The body. Raises TooLarge, Malformed, UnsupportedType, TooSlow, or Busy.

    Of one that is larger than `free` bytes the rest is read once `share` has room for all of it.
    `seconds` count where the server does not know better: our worker's connections bound head and body together.
    """
    announced = _announced(environ, limit)
    piece = _PIECE_OF_CHUNKS if announced is None else _PIECE
    until = time.monotonic() + seconds
    deadline = TooSlow(f"the request did not arrive whole within {seconds:g} s")
    allow = _allowance(environ, chunked=announced is None)
    allow(FRAMING)
    parts: list[bytes] = []
    missing = limit + 1
    largest = limit if announced is None else announced
    while missing > 0:
        if largest > free and not share.size and limit + 1 - missing >= free:
            share.take(largest, until)
        allow(2 * piece)
        part = _part(environ["wsgi.input"], min(missing, piece))
        if not part:
            break
        parts.append(part)
        missing -= len(part)
        if time.monotonic() > until:
            raise deadline
    return _checked(b"".join(parts), limit, announced)


def _allowance(environ: dict[str, Any], *, chunked: bool) -> Allow:
    """Tells our worker's connection how many bytes it may take in for this body; other servers have no such thing."""
    allow = getattr(environ.get("gunicorn.socket"), "allow", None)
    if allow is None:
        return lambda wire: None
    return lambda wire: allow(wire, chunked=chunked)


def _announced(environ: dict[str, Any], limit: int) -> int | None:
    """The length that the head announces; None for a chunked body."""
    coding = environ.get("HTTP_TRANSFER_ENCODING", "").strip().lower()
    length = environ.get("CONTENT_LENGTH", "")
    if coding:
        if coding != "chunked":  # gunicorn passes `gzip, chunked` on as it came
            raise Malformed(
                "the only transfer coding taken is chunked", reason="transfer_coding"
            )
        return None
    if not length:
        return 0
    if not _DIGITS.fullmatch(length):
        raise Malformed("Content-Length is not a number", reason="content_length")
    if int(length) > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    return int(length)


def _part(stream: Any, size: int) -> bytes:
    try:
        part: bytes = stream.read(size)
        return part
    except Refused:
        raise
    except Exception as error:  # the server's own, for broken chunks and cut bodies
        said = f"the body broke off ({type(error).__name__})"
        raise Malformed(said, reason="broken_body") from None


def _checked(body: bytes, limit: int, announced: int | None) -> bytes:
    if len(body) > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    if announced is not None and len(body) != announced:
        raise Malformed(
            "the body is shorter than its Content-Length", reason="short_body"
        )
    return body
