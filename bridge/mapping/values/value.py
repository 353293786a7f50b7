"""What expressions handle: plain values, the two marks for "not there", and the one error.

A value is what bridge.strict.json makes of a document (dict, list, str, int, Decimal, bool, None) or an aware datetime.
`OMIT` says that a field is to be left out; a `Missing` says which path led nowhere. Nothing here converts a value, and
nothing here makes a message out of one.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias, Union

from bridge.model import Json

Number: TypeAlias = int | Decimal
Span: TypeAlias = tuple[int, int]  # character offsets into an expression's source


class ExpressionError(Exception):
    """An expression that cannot be compiled (E2xx) or evaluated (E3xx).

    `start` and `end` are character offsets into `source`; -1 while the place is not known yet. `source` is the text of
    the expression that failed, which is another one than the caller's where a name is computed by an expression.
    """

    def __init__(self, code: str, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help
        self.start = self.end = -1
        self.source = ""

    def at(self, span: Span) -> "ExpressionError":
        """The same error with its place, unless an inner part has already named a closer one."""
        if self.start < 0:
            self.start, self.end = span
        return self

    def within(self, source: str) -> "ExpressionError":
        """The same error with the text its offsets point into, unless an inner expression has already said."""
        if not self.source:
            self.source = source
            self.at((0, len(source)))
        return self


class Omit:
    """The type of OMIT."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "omit"


class Missing:
    """A path that leads nowhere: `path[:found]` exists and gives `there`, which has no `path[found]`.

    `reason` replaces that account where no path is to blame (the first item of an empty list). `at` is the place of
    the path in the expression that used it.
    """

    __slots__ = ("path", "found", "there", "reason", "at")

    def __init__(
        self,
        path: tuple[str, ...] = (),
        *,
        found: int = 0,
        there: object = None,
        reason: str = "",
        at: Span | None = None,
    ) -> None:
        self.path, self.found, self.there = path, found, there
        self.reason, self.at = reason, at

    def __repr__(self) -> str:
        return "missing"

    def used_at(self, span: Span) -> "Missing":
        """The same gap, met at another place."""
        return Missing(
            self.path,
            found=self.found,
            there=self.there,
            reason=self.reason,
            at=span,
        )


Value: TypeAlias = Union[Json, datetime, Omit]  # Json names itself, so | fails here
Run: TypeAlias = Callable[[Any], Any]  # a compiled node: Scope → Value or Missing

OMIT: Final = Omit()
MISSING: Final = Missing()
