"""A WSGI environment as a Request: what the sender wrote, as far as WSGI keeps it."""

from datetime import datetime
from typing import Any

from bridge.model import Headers, Request

_UNPREFIXED = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}


def request_of(environ: dict[str, Any], body: bytes, now: datetime) -> Request:
    """The request with this body."""
    return Request(
        method=environ["REQUEST_METHOD"],
        # As it was sent: signatures may cover every character.
        target=environ["RAW_URI"],
        headers=_headers(environ),
        body=body,
        received_at=now,
    )


def announced_size(environ: dict[str, Any]) -> int:
    """The length that was announced, where it is one."""
    text = environ.get("CONTENT_LENGTH", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _headers(environ: dict[str, Any]) -> Headers:
    """Names as they are usually written: WSGI keeps no other."""
    headers = [
        (key[5:].replace("_", "-").title(), value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    for key, name in _UNPREFIXED.items():
        if environ.get(key):
            headers.append((name, environ[key]))
    return tuple(headers)
