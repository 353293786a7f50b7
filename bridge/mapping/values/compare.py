"""Equality and order of values, by kind: "1" is not 1, true is not 1, and 1 equals 1.0."""

from collections.abc import Collection
from datetime import datetime
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact
from typing import Any

from bridge.kinds import type_of
from bridge.mapping.values.complaints import wrong_type
from bridge.mapping.values.kinds import NUMBERS, kind_of
from bridge.mapping.values.limits import Budget, size
from bridge.mapping.values.value import ExpressionError
from bridge.strict.names import LONGEST, compose

# Exact for every number that a payload may hold: 1,000 digits, exponents of 1,000.
_WIDE = Context(prec=10_000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])
_COMPOSING = 200  # square characters of a text that are composed in a step
ORDERED = frozenset({int, Decimal, str, datetime})


def alike(a: str, b: str, budget: Budget) -> bool:
    """Whether two texts are equal, however each spells its letters with marks; to the letter beyond 500 characters."""
    if len(a) == len(b):
        budget.charge_text(len(a))
    if a == b or (a.isascii() and b.isascii()) or max(len(a), len(b)) > LONGEST:
        return a == b
    return composed(a, budget) == composed(b, budget)


def composed(text: str, budget: Budget) -> str:
    """The text in the one spelling of its letters that is compared, which is paid for."""
    if text.isascii():
        return text
    budget.spend(min(len(text), LONGEST) ** 2 // _COMPOSING)
    return compose(text)


def same(a: Any, b: Any, budget: Budget) -> bool:
    """Whether two values are equal, lists and mappings by their contents, which cost a few steps per item."""
    kind, other = type_of(a), type_of(b)
    if kind is not other:
        if kind not in NUMBERS or other not in NUMBERS:
            return False
        _charge_numbers(a, b, budget)
        return bool(a == b)
    if kind is list:
        budget.spend(2 * len(a))
        return len(a) == len(b) and all(map(same, a, b, [budget] * len(a)))
    if kind is dict:
        budget.spend(3 * len(a))
        return len(a) == len(b) and all(
            key in b and same(item, b[key], budget) for key, item in a.items()
        )
    if kind is str:
        return alike(a, b, budget)
    budget.charge(a)
    return bool(a == b)


def check_pair(who: str, a: Any, b: Any, budget: Budget) -> None:
    """Raises E302 unless one can be less than the other, and pays for finding out which."""
    if type(a) in NUMBERS and type(b) in NUMBERS:
        _charge_numbers(a, b, budget)
    else:
        check_order(who, (a, b))


def _charge_numbers(a: Any, b: Any, budget: Budget) -> None:
    """What it costs to compare an int with a Decimal: the int is converted digit by digit."""
    budget.charge(a)
    budget.charge(b)


def identity(value: Any, budget: Budget) -> tuple[str, object]:
    """A hashable stand-in for a text, number, boolean, time or null: equal exactly where `same` is true.

    A number is its digits: a sender can choose many numbers of one hash, but no texts, whose hashes are salted.
    """
    kind = type_of(value)
    if kind in (list, dict):
        raise wrong_type("unique", {*ORDERED, bool}, value)
    if kind in NUMBERS:
        return "number", str(_WIDE.normalize(value)) if value else "0"
    return kind.__name__, composed(value, budget) if kind is str else value


def ranks(who: str, values: list[Any], budget: Budget) -> list[Any]:
    """What values are ordered by, each compared with many others, which is paid for. Raises E302 as check_order."""
    check_order(who, values)
    rounds = len(values).bit_length()
    budget.spend(sum(map(size, values)) * rounds // 4)
    if len(set(map(type, values))) > 1:  # an int would be made a Decimal each time
        return [_WIDE.create_decimal(value) for value in values]
    return values


def check_order(who: str, values: Collection[Any]) -> None:
    """Raises E302 unless all values are numbers, or all text, or all times."""
    kinds: dict[str, None] = {}
    for kind in dict.fromkeys(map(type, values)):
        example = next(value for value in values if type(value) is kind)
        if kind not in ORDERED:
            raise wrong_type(who, ORDERED, example)
        kinds[kind_of(example)] = None
    if len(kinds) > 1:
        raise ExpressionError(
            "E302",
            f"{who} cannot order {' and '.join(kinds)}",
            help="add | number to text that is to count as a number",
        )
