"""The bounds of every value that an expression makes, checked before the value is made. Payloads are hostile.

A value that merely passes through from the payload is bounded by the size of the body, and not looked at here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Final

from bridge.mapping.values.value import ExpressionError

MAX_TEXT: Final = 64 * 1024  # characters
MAX_ITEMS: Final = 10_000
MAX_STEPS: Final = 100_000  # per event
STEPS_AT_ONCE: Final = 20_000  # where others wait: under 50 ms even at the dearest
TEXT_PER_STEP: Final = 256  # so many characters of work count as one step
BITS_PER_STEP: Final = 64  # of a whole number
BYTES_PER_STEP: Final = 8  # of a Decimal, beside the 104 that a short one has


_at_once: ContextVar[int] = ContextVar("bridge.mapping.at_once", default=MAX_STEPS)


class TooLong(BaseException):
    """More than may be computed while others wait; nothing was decided. No rule and no `except Exception` takes it."""


@contextmanager
def while_others_wait() -> Iterator[None]:
    """Inside, an event that takes more than STEPS_AT_ONCE raises TooLong: ask again where nobody waits."""
    before = _at_once.set(STEPS_AT_ONCE)
    try:
        yield
    finally:
        _at_once.reset(before)


class Budget:
    """The work that the expressions of one event may do, in steps of about half a microsecond.

    A step per list item, per 256 characters, per 64 bits of a number, of what is read, made, compared or written; a
    turn of a loop costs one for each part of its body, and a helper as many times the size of its value, and as many
    steps besides, as its entry in the catalogue says.
    """

    __slots__ = ("left", "_until", "_paid")

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps
        self._until = max(steps - _at_once.get(), 0)
        self._paid: set[object] = set()

    def spend(self, steps: int) -> None:
        """Raises E303 when nothing is left, and TooLong where others wait and no more may be done at once."""
        self.left -= steps
        if self.left < self._until:
            if self._until:
                raise TooLong
            raise ExpressionError(
                "E303",
                f"the expressions of this event take more than {MAX_STEPS:,} steps",
                help="loop over a shorter list, filter it first with where(…), or do less in each turn",
            )

    def once(self, what: object, steps: int) -> None:
        """Pays for what is made at its first use, and kept."""
        if what not in self._paid:
            self._paid.add(what)
            self.spend(steps)

    def charge(self, value: object, times: int = 1) -> None:
        """Pays for walking so many times over a text, number, list or mapping; refuses a list too long to work with."""
        if isinstance(value, str):
            self.charge_text(len(value), times)
            return
        if isinstance(value, list | dict):
            check_items(len(value))
        if steps := size(value) * times:
            self.spend(steps)

    def charge_text(self, length: int, times: int = 1) -> None:
        """Pays for a text that is made or compared."""
        if length * times >= TEXT_PER_STEP:
            self.spend(length * times // TEXT_PER_STEP)


def size(value: object) -> int:
    """What a value weighs in steps, without what a list or mapping holds: 0 for short texts and numbers."""
    kind = type(value)
    if kind is str:
        return len(value) // TEXT_PER_STEP  # type: ignore[arg-type]
    if kind is list or kind is dict:
        return len(value)  # type: ignore[arg-type]
    if kind is int:
        return value.bit_length() // BITS_PER_STEP  # type: ignore[attr-defined, no-any-return]
    if kind is Decimal:
        return max(value.__sizeof__() - 104, 0) // BYTES_PER_STEP
    return 0


def check_text(length: int) -> None:
    """Raises E303 for a text that would be longer than 64 KiB characters."""
    if length > MAX_TEXT:
        raise ExpressionError(
            "E303",
            f"the text would be longer than {MAX_TEXT:,} characters",
            help="shorten it first: | truncate(1000)",
        )


def check_items(count: int) -> None:
    """Raises E303 for a list or mapping of more than 10,000 items."""
    if count > MAX_ITEMS:
        raise ExpressionError(
            "E303",
            f"the list has more than {MAX_ITEMS:,} items",
            help="expressions work with lists of at most 10,000 items",
        )
