"""Cursors: where a list was left, as text that only we make. Pure.

A cursor belongs to one filter of one kind, and holds the time by which the first page was found, so that `since:24h`
means the same on each page. A checksum tells one that was mistyped or cut; all that it holds are numbers.
"""

import base64
import hashlib
import struct
from binascii import Error
from dataclasses import dataclass
from datetime import datetime

from bridge.errors import BridgeError
from bridge.store.database import microseconds, moment

_SHAPE = struct.Struct(">c8sqqq")
_CHECK = 6  # bytes
_PAGE, _MARK = b"p", b"m"


class BadCursor(BridgeError):
    """A cursor that is not one of ours, or of another list."""

    reason = "bad_cursor"
    exit_code = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The numbers of an event or a delivery, and of a refused request, and the time of the first page."""

    row: int
    refused: int
    now: datetime


def page(kind: str, text: str, place: Place) -> str:
    """The cursor of what comes below a place."""
    return _written(_PAGE, kind, text, place)


def mark(kind: str, text: str, place: Place) -> str:
    """The mark of what comes above a place."""
    return _written(_MARK, kind, text, place)


def read_page(kind: str, text: str, cursor: str) -> Place:
    """The place of a cursor. Raises BadCursor."""
    return _read(_PAGE, kind, text, cursor)


def read_mark(kind: str, text: str, cursor: str) -> Place:
    """The place of a mark. Raises BadCursor."""
    return _read(_MARK, kind, text, cursor)


def _written(what: bytes, kind: str, text: str, place: Place) -> str:
    numbers = place.row, place.refused, microseconds(place.now)
    packed = _SHAPE.pack(what, _about(kind, text), *numbers)
    return base64.urlsafe_b64encode(packed + _check(packed)).decode().rstrip("=")


def _read(what: bytes, kind: str, text: str, cursor: str) -> Place:
    try:
        whole = base64.b64decode(
            cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True
        )
        packed, check = whole[:-_CHECK], whole[-_CHECK:]
        own, about, row, refused, now = _SHAPE.unpack(packed)
    except (ValueError, Error, struct.error):
        raise _unknown() from None
    if check != _check(packed) or own != what or min(row, refused, now) < 0:
        raise _unknown()
    if about != _about(kind, text):
        raise BadCursor(
            "this cursor belongs to another filter: leave it out to start at the first page"
        )
    try:
        return Place(row=row, refused=refused, now=moment(now))
    except OverflowError:
        raise _unknown() from None


def _unknown() -> BadCursor:
    return BadCursor(
        "this is not a cursor of this list: leave it out to start at the first page"
    )


def _about(kind: str, text: str) -> bytes:
    """Of the filter: spaces between words do not matter."""
    words = " ".join(text.split())
    written = f"{kind} {words}".encode("utf-8", "backslashreplace")
    return hashlib.sha256(written).digest()[:8]


def _check(packed: bytes) -> bytes:
    return hashlib.sha256(b"bridge cursor" + packed).digest()[:_CHECK]
