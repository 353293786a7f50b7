"""The kinds of values, in words. Never shows a value itself.

A kind is a Python type, compared exactly: True is not a number, and any mapping counts as a dict.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from bridge.kinds import WORDS, type_of
from bridge.mapping.values.value import Missing, Omit

_WORDS: Final[dict[type, str]] = {
    **WORDS,
    datetime: "a time",
    Omit: "omit",
    Missing: "missing",
}
ANY: Final = frozenset(_WORDS) - {Missing}
SENT: Final = ANY - {Omit}  # what an event may hold
NUMBERS: Final = frozenset({int, Decimal})
NOTHING: Final = frozenset({type(None), Omit, Missing})


def describe(kinds: Iterable[type]) -> str:
    """Kinds in words, each once: `text or a number`."""
    kinds = frozenset(kinds)
    if kinds == {int}:
        return "a whole number"
    if kinds >= SENT:
        return "any value"
    named = kinds - NOTHING or kinds  # "text", not "text or null"
    words = [word for kind, word in _WORDS.items() if kind in named]
    return " or ".join(dict.fromkeys(words))


def kind_of(value: object) -> str:
    """The value's kind in words."""
    return _WORDS.get(type_of(value), type(value).__name__)


def is_present(value: object) -> bool:
    """Defined, not null, not empty. 0 and false are present."""
    if type(value) in NOTHING:
        return False
    return not (isinstance(value, str | list | Mapping) and len(value) == 0)
