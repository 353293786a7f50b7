"""A WSGI environment as a Request: what the sender wrote, as far as WSGI keeps it."""

from datetime import datetime
from typing import Any

from bridge.model import Headers, Request

_UNPREFIXED = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}
_FORGED = tuple(f"HTTP_{key}" for key in _UNPREFIXED)


def request_of(environ: dict[str, Any], body: bytes, now: datetime) -> Request:
    """The request with this body."""
    return Request(
        method=environ["REQUEST_METHOD"],
        target=_target(environ),
        headers=_headers(environ),
        body=body,
        received_at=now,
    )


def announced_size(environ: dict[str, Any]) -> int:
    """The length that was announced, where it is one."""
    text = environ.get("CONTENT_LENGTH", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _headers(environ: dict[str, Any]) -> Headers:
    """Names as they are usually written: WSGI keeps no other. Type and length are those that the server read."""
    headers = [
        (key[5:].replace("_", "-").title(), value)
        for key, value in environ.items()
        if key.startswith("HTTP_") and key not in _FORGED
    ]
    for key, name in _UNPREFIXED.items():
        if environ.get(key):
            headers.append((name, environ[key]))
    return tuple(headers)


def _target(environ: dict[str, Any]) -> str:
    """Path and query as the sender wrote them: signatures may cover every character."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw:
        return str(raw)
    query = environ.get("QUERY_STRING", "")
    return f"{environ.get('PATH_INFO', '')}{'?' + query if query else ''}"
