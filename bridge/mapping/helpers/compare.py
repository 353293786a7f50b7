"""Equality and order of values, by kind: "1" is not 1, true is not 1, and 1 equals 1.0."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from bridge.mapping.helpers.complaints import wrong_type
from bridge.mapping.helpers.kinds import NUMBERS, kind_of, type_of
from bridge.mapping.helpers.limits import Budget
from bridge.mapping.helpers.values import ExpressionError

ORDERED = frozenset({int, Decimal, str, datetime})


def same(a: Any, b: Any, budget: Budget) -> bool:
    """Whether two values are equal, lists and mappings by their contents, which cost a step per item."""
    kind, other = type_of(a), type_of(b)
    if kind is not other:
        if kind not in NUMBERS or other not in NUMBERS:
            return False
        _charge_numbers(a, b, budget)
        return bool(a == b)
    if kind is list:
        budget.spend(len(a))
        return len(a) == len(b) and all(map(same, a, b, [budget] * len(a)))
    if kind is dict:
        budget.spend(len(a))
        return len(a) == len(b) and all(
            key in b and same(item, b[key], budget) for key, item in a.items()
        )
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


def identity(value: Any) -> tuple[str, object]:
    """A hashable stand-in for a text, number, boolean, time or null: equal exactly where `same` is true."""
    kind = type_of(value)
    if kind in (list, dict):
        raise wrong_type("unique", {*ORDERED, bool}, value)
    return ("number" if kind in NUMBERS else kind.__name__, value)


def check_order(who: str, values: Iterable[Any]) -> None:
    """Raises E302 unless all values are numbers, or all text, or all times."""
    kinds: dict[str, None] = {}
    for value in values:
        if type_of(value) not in ORDERED:
            raise wrong_type(who, ORDERED, value)
        kinds[kind_of(value)] = None
    if len(kinds) > 1:
        raise ExpressionError(
            "E302",
            f"{who} cannot order {' and '.join(kinds)}",
            help="add | number to text that is to count as a number",
        )
