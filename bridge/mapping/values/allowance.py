"""How many bytes the calls of one event may have, counted before and while they are made, so that memory never fills.

A value that merely passes through from the payload costs the expressions nothing, and yet each call that it goes into
is written, stored and sent with all of it: a loop over a thousand items makes a gigabyte out of a megabyte.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from bridge.settings import MAX_RENDERED

_SMALL: Final = 5  # bytes of null, true, false and what stands between values


class TooMuch(Exception):
    """More than the event may have; `bytes` is what it came to."""

    def __init__(self, bytes: int) -> None:
        super().__init__(f"{bytes:,} bytes")
        self.bytes = bytes


class Allowance:
    """The bytes of one event: all rules and items share them."""

    __slots__ = ("most", "used")

    def __init__(self, most: int = MAX_RENDERED) -> None:
        self.most = most
        self.used = 0

    def take(self, bytes: int) -> None:
        """Raises TooMuch when they are more than what is left."""
        self.used += bytes
        if self.used > self.most:
            raise TooMuch(self.used)

    def take_value(self, value: object) -> None:
        """The bytes of a value as it is written into a call, or a little less; stops where they become too many."""
        if isinstance(value, str):
            self.take(size_of(value) + 1)
        elif isinstance(value, Mapping):
            self.take(_SMALL)
            for name, item in value.items():
                self.take(size_of(name) + 1)
                self.take_value(item)
        elif isinstance(value, list | tuple):
            self.take(_SMALL)
            for item in value:
                self.take_value(item)
        elif isinstance(value, int):
            self.take(_SMALL + value.bit_length() // 4)
        elif isinstance(value, Decimal):
            self.take(len(str(value)))
        else:
            self.take(_SMALL)


def size_of(text: str) -> int:
    """The bytes of a text in UTF-8; a lone surrogate's as those of its escape."""
    return (
        len(text) if text.isascii() else len(text.encode("utf-8", "backslashreplace"))
    )
