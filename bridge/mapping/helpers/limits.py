"""The bounds of every value that an expression makes, checked before the value is made. Payloads are hostile.

A value that merely passes through from the payload is bounded by the size of the body, and not looked at here.
"""

from typing import Final

from bridge.mapping.helpers.values import ExpressionError

MAX_TEXT: Final = 64 * 1024  # characters
MAX_ITEMS: Final = 10_000
MAX_STEPS: Final = 100_000  # per event
TEXT_PER_STEP: Final = 256  # so many characters of work count as one step
BITS_PER_STEP: Final = 64  # of a whole number


class Budget:
    """The work that the expressions of one event may do, in steps of about half a microsecond.

    A step per list item, per 256 characters, per 64 bits of a number that is compared; a turn of a loop costs one for
    each part of its body, and a helper what its entry in the catalogue says.
    """

    __slots__ = ("left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Raises E303 when nothing is left."""
        self.left -= steps
        if self.left < 0:
            raise ExpressionError(
                "E303",
                f"the expressions of this event take more than {MAX_STEPS:,} steps",
                help="loop over a shorter list, filter it first with where(…), or do less in each turn",
            )

    def charge(self, value: object) -> None:
        """Pays for walking over a text, number, list or mapping, and refuses a list too long to work with."""
        if isinstance(value, str):
            if len(value) >= TEXT_PER_STEP:
                self.spend(len(value) // TEXT_PER_STEP)
        elif isinstance(value, list | dict):
            check_items(len(value))
            self.spend(len(value))
        elif isinstance(value, int):
            self.spend(value.bit_length() // BITS_PER_STEP)


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
