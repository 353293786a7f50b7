"""Helpers for money: exact, and never without a currency that says how many decimals there are.

Decimals per currency are ISO 4217's, overridden by what the provider of the source says of itself.
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

from bridge.mapping.functions.catalogue import Example, helper
from bridge.mapping.values import numbers
from bridge.mapping.values.complaints import near
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError, Number

_LONGEST = 300  # characters of an amount
# Providers have codes of their own, beside the three letters of ISO 4217.
_LONGEST_CODE = 16
_AMOUNT = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{2,3}){0,30},[0-9]{3}|[0-9]{1,100})(?:\.[0-9]{1,100})?"
)
_NUMBER = re.compile(r"[+-]?[0-9]{1,100}(\.[0-9]{1,100})?")


def known_currency(code: str) -> str:
    """The code in upper case. Raises E305 for one that ISO 4217 does not list with its decimals."""
    found = code.upper() if len(code) == 3 else ""
    if found not in _iso_4217():
        guess = near(found, _iso_4217()) if found else ""
        help = guess or "write its three letters, such as 'usd'"
        raise ExpressionError("E305", "this is not a currency of ISO 4217", help=help)
    return found


def known_mode(mode: str) -> None:
    """Raises E302 for a way of rounding that is not one of numbers.MODES."""
    if mode not in numbers.MODES:
        choices = ", ".join(numbers.MODES)
        raise ExpressionError(
            "E302", "unknown rounding mode", help=f"use one of {choices}"
        )


Currency = Annotated[str, known_currency]
Mode = Annotated[str, known_mode]


@helper(
    "money",
    steps=3,
    errors=("E303", "E305", "E308"),
    examples=(
        Example("1999 | from_minor('usd')", {}, Decimal("19.99")),
        Example(
            "event.total | from_minor(event.currency)",
            {"event": {"total": 150000, "currency": "clp"}},
            Decimal("150000"),
        ),
    ),
)
def from_minor(scope: Scope, value: Number, currency: Currency) -> Decimal:
    """An amount in the currency's smallest unit as an amount in its main unit, exactly. Refused where the provider
    is known to send main units already, and for an amount with a fraction, which is no count of smallest units.
    """
    if scope.money and scope.money.amounts == "major":
        raise ExpressionError(
            "E302",
            "this provider already sends amounts in the main unit",
            help="drop | from_minor(…)",
        )
    units = numbers.whole(value)
    if units is None:
        raise ExpressionError(
            "E308",
            "from_minor needs a whole number of smallest units, but this has decimals",
            help="an amount with decimals is already in the main unit: drop | from_minor(…)",
        )
    return numbers.shifted(units, -_decimals(scope, currency))


@helper(
    "money",
    steps=3,
    errors=("E303", "E305", "E308"),
    examples=(
        Example("19.99 | to_minor('usd')", {}, 1999),
        Example("event.total | to_minor('clp')", {"event": {"total": 150000}}, 150000),
    ),
)
def to_minor(scope: Scope, value: Number, currency: Currency) -> int:
    """An amount in the currency's main unit as a count of its smallest unit. More decimals than the currency has are
    an error: round first."""
    units = numbers.whole(numbers.shifted(value, _decimals(scope, currency)))
    if units is None:
        raise ExpressionError(
            "E308",
            "the amount has more decimals than its currency",
            help="round it first: | round(2)",
        )
    return units


@helper(
    "money",
    steps=8,
    errors=("E302", "E305", "E308"),
    examples=(
        Example("'1.234,56' | from_major('eur', ',', '.')", {}, Decimal("1234.56")),
        Example(
            "event.total | from_major('usd')",
            {"event": {"total": "19.9"}},
            Decimal("19.90"),
        ),
    ),
)
def from_major(
    scope: Scope,
    value: str | Number,
    currency: Currency,
    decimal: str = ".",
    group: str = "",
) -> Decimal:
    """An amount in the main unit, written as text, as a number with the currency's decimals. `decimal` and `group`
    are the marks between the digits. More decimals than the currency has are an error.
    """
    places = _decimals(scope, currency)
    amount = _read(value, decimal, group) if isinstance(value, str) else value
    result = numbers.rounded(amount, places, "down")
    if result != amount:
        raise ExpressionError("E308", "the amount has more decimals than its currency")
    return result


@helper(
    "money",
    steps=4,
    errors=("E302", "E303"),
    examples=(
        Example("2.675 | round(2)", {}, Decimal("2.68")),
        Example("2.5 | round(0, 'half_even')", {}, Decimal("2")),
    ),
)
def round_(value: Number, places: int = 0, mode: Mode = "half_up") -> Decimal:
    """The number with exactly so many decimals. Modes: half_up, half_even, half_down, up, down, ceiling, floor."""
    known_mode(mode)
    return numbers.rounded(value, places, mode)


@helper(
    "money",
    errors=("E302", "E303"),
    examples=(
        Example("'19.90' | number", {}, Decimal("19.90")),
        Example("event.count | number", {"event": {"count": "7"}}, 7),
    ),
)
def number(value: str | Number) -> Number:
    """Text as an exact number: digits with at most one point, no exponent, no grouping. A number stays as it is."""
    if not isinstance(value, str):
        return value
    if not _NUMBER.fullmatch(value):
        raise ExpressionError(
            "E302",
            "this text is not a number",
            help="number reads digits with one point; | from_major(currency, ',', '.') reads other styles",
        )
    return numbers.bounded(Decimal(value) if "." in value else int(value))


@helper(
    "money",
    errors=("E305",),
    examples=(
        Example("'usd' | currency", {}, "USD"),
        Example("event.currency | currency", {"event": {"currency": "Clp"}}, "CLP"),
    ),
)
def currency(value: str) -> str:
    """A currency's code in upper case, if ISO 4217 lists it."""
    return known_currency(value)


def _decimals(scope: Scope, currency: str) -> int:
    code = currency.upper() if len(currency) <= _LONGEST_CODE else ""
    if scope.money and code in scope.money.exponents:
        return scope.money.exponents[code]
    return _iso_4217()[known_currency(currency)]


@lru_cache(maxsize=1)
def _iso_4217() -> dict[str, int]:
    """Decimals by code. Funds and metals have none and are left out: an amount in them cannot be read."""
    import iso4217  # parses its table when it is imported

    return {
        code: int(str(row["CcyMnrUnts"]))
        for code, row in iso4217.raw_table.items()
        if code and str(row["CcyMnrUnts"]).isdigit()
    }


def _read(text: str, decimal: str, group: str) -> Number:
    """`1.234,56` by its two marks. Groups are of three digits, or of two before the last (Indian style)."""
    check_marks(decimal, group)
    # One pattern for all marks: senders may choose them, and to make a pattern takes long.
    marks: dict[str, str | int | None] = {".": "?", ",": "?", decimal: "."}
    if group:
        marks[group] = ","
    plain = text[:_LONGEST].translate(str.maketrans(marks))
    found = _AMOUNT.fullmatch(plain)
    if found is None or len(text) > _LONGEST:
        raise ExpressionError(
            "E302",
            "this text is not an amount written with these marks",
            help="from_major(currency, decimal, group) takes the marks: from_major('eur', ',', '.')",
        )
    return Decimal(plain.replace(",", ""))


def check_marks(decimal: str, group: str) -> None:
    """Raises E302 unless the mark before decimals and the one between groups, which may be "", can be told apart."""
    marks = {decimal, group}
    if len(decimal) != 1 or len(group) > 1 or len(marks) == 1:
        raise ExpressionError(
            "E302", "the two marks between digits must be different single characters"
        )
    if any(mark.isdigit() or mark in "+-" for mark in marks if mark):
        raise ExpressionError("E302", "a digit or sign cannot be a mark between digits")
