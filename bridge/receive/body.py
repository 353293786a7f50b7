"""The raw bytes of a request: all of them, or a refusal.

WSGI servers cut silently: a chunked body over a limit arrives as exactly the limit, a short body as if it were whole.
So one byte more than allowed is asked for, and what came is compared with what was announced.
"""

import re
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from bridge.errors import Malformed, Refused, TooLarge, TooSlow, UnsupportedType
from bridge.greenlets import patched

_DIGITS = re.compile(r"[0-9]{1,18}")
_CHUNK = 64 * 1024


def read_body(environ: dict[str, Any], *, limit: int, seconds: float) -> bytes:
    """The body. Raises TooLarge, Malformed, UnsupportedType, or TooSlow.

    `seconds` are for the whole request: what its head took is gone for its body.
    """
    announced = _announced(environ, limit)
    until = _since(environ) + seconds
    deadline = TooSlow(f"the request did not arrive whole within {seconds:g} s")
    with _deadline(until, deadline):
        body = _read(environ["wsgi.input"], limit, until, deadline)
    if len(body) > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    if announced is not None and len(body) != announced:
        raise Malformed(
            "the body is shorter than its Content-Length", reason="short_body"
        )
    return body


def _since(environ: dict[str, Any]) -> float:
    """When the request began, as our worker's connections know; now, under a server whose connections do not."""
    since: float = getattr(environ.get("gunicorn.socket"), "since", time.monotonic())
    return since


def _announced(environ: dict[str, Any], limit: int) -> int | None:
    """The length that the head announces; None for a chunked body."""
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity":
        raise UnsupportedType(
            "send the body without Content-Encoding", reason="content_encoding"
        )
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


def _read(stream: Any, limit: int, until: float, deadline: TooSlow) -> bytes:
    parts: list[bytes] = []
    missing = limit + 1
    while missing > 0:
        try:
            part = stream.read(min(missing, _CHUNK))
        except Refused:
            raise
        except (
            Exception
        ) as error:  # the server's own errors for broken chunks and cut connections
            reason = "broken_body"
            raise Malformed(
                f"the body broke off ({type(error).__name__})", reason=reason
            ) from None
        if not part:
            break
        parts.append(part)
        missing -= len(part)
        if time.monotonic() > until:
            raise deadline
    return b"".join(parts)


def _deadline(until: float, error: TooSlow) -> AbstractContextManager[Any]:
    """Interrupts a read that waits, where gevent can; elsewhere _read looks at the clock between parts."""
    if not patched("socket"):
        return nullcontext()
    from gevent import Timeout

    left = max(until - time.monotonic(), 0.0)
    timeout: AbstractContextManager[Any] = Timeout(left, error)
    return timeout
