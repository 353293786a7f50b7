"""Column types that mean the same on SQLite and PostgreSQL: row numbers, times, JSON, text that a sender chose,
and such text in an index."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.types import TypeDecorator

from bridge.model import Json
from bridge.strict import json

LONGEST = 1_000  # bytes of a Key: the largest index has one, and names of at most 100 characters
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# An INTEGER primary key is SQLite's own row number; PostgreSQL needs the big one.
Identity = BigInteger().with_variant(Integer, "sqlite")


def microseconds(moment: datetime) -> int:
    """Since 1970, by integer arithmetic: a float timestamp would round."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(number: int) -> datetime:
    """The time of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=number)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970: exact, sortable and the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        """Microseconds as a column holds them."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        """The datetime in UTC."""
        return None if value is None else moment(value)


class Encoded(str):
    """JSON text that is ready for a Document column: what is the same in many rows is written once."""

    __slots__ = ()


class Document(TypeDecorator[Json]):
    """A JSON value as text with exact numbers; a database's own JSON type refuses what senders may send."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Any) -> str | None:
        """Compact JSON text; lone surrogates stay escaped, which every text column takes."""
        if value is None or isinstance(value, Encoded):
            return value
        return encoded(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Json:
        """The value, with Decimals for numbers that have a point."""
        return None if value is None else json.loads(value.encode())


def encoded(value: object) -> Encoded:
    """A JSON value as a Document column holds it."""
    return Encoded(json.dumps(value).decode())


class Words(TypeDecorator[str]):
    """Text that a sender may have chosen: what no text column takes (NUL, lone surrogates) is kept as its escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """The text with `\\x00` and `\\ud800` for what cannot be stored."""
        return None if value is None else storable(value)


class Key(TypeDecorator[str]):
    """Words that stand in an index, or are compared with such: PostgreSQL's hold 2,704 bytes for a row, all together.

    What is longer than LONGEST bytes is kept as its readable beginning and a hash, the same wherever it is stored or
    looked for. What was shortened once stays as it is.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """The text, shortened where it must be."""
        return None if value is None else bounded(storable(value))


def storable(text: str) -> str:
    """Text with `\\x00` and `\\ud800` for what no text column takes."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def bounded(text: str) -> str:
    """At most LONGEST bytes: a longer text's beginning, and the SHA-256 of all of it."""
    if len(text) <= LONGEST // 4:  # no character takes more than four bytes
        return text
    written = text.encode()
    if len(written) <= LONGEST:
        return text
    mark = f"…sha256:{hashlib.sha256(written).hexdigest()}"
    room = LONGEST - len(mark.encode())
    return written[:room].decode("utf-8", "ignore") + mark
