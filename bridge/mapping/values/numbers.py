"""Exact numbers: int and Decimal in a context of 100 digits, in which an inexact result is an error.

Only `divide` and `rounded` may round. The operators of Decimal itself are not used: they take the digits from the
thread's context. Ints stay ints where both operands are.
"""

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from bridge.mapping.values.limits import check_text
from bridge.mapping.values.value import ExpressionError, Number

MAX_DIGITS: Final = 100
MAX_EXPONENT: Final = 100
_MAX_INT: Final = 10**MAX_DIGITS

_BOUNDS = (
    decimal.Overflow,
    decimal.Subnormal,
    decimal.InvalidOperation,
    decimal.DivisionByZero,
)


def _context(*traps: type[decimal.DecimalException]) -> decimal.Context:
    return decimal.Context(
        prec=MAX_DIGITS,
        Emax=MAX_EXPONENT,
        Emin=-MAX_EXPONENT,
        traps=[*_BOUNDS, *traps],
        rounding=decimal.ROUND_HALF_EVEN,
    )


_EXACT = _context(decimal.Inexact)
_ROUNDING = _context()

MODES: Final = {
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "half_down": decimal.ROUND_HALF_DOWN,
    "up": decimal.ROUND_UP,
    "down": decimal.ROUND_DOWN,
    "ceiling": decimal.ROUND_CEILING,
    "floor": decimal.ROUND_FLOOR,
}


def bounded(value: Number) -> Number:
    """The same number. Raises E303 for more than 100 digits or an exponent beyond ±100."""
    if isinstance(value, int):
        if not -_MAX_INT < value < _MAX_INT:
            raise _too_big()
        return value
    _guard(_EXACT.plus, value, inexact=_too_big)
    return value


def add(a: Number, b: Number) -> Number:
    """a + b"""
    if isinstance(a, int) and isinstance(b, int):
        return bounded(a + b)
    return _guard(_EXACT.add, bounded(a), bounded(b))


def subtract(a: Number, b: Number) -> Number:
    """a - b"""
    if isinstance(a, int) and isinstance(b, int):
        return bounded(a - b)
    return _guard(_EXACT.subtract, bounded(a), bounded(b))


def multiply(a: Number, b: Number) -> Number:
    """a * b"""
    a, b = bounded(a), bounded(b)
    if isinstance(a, int) and isinstance(b, int):
        return bounded(a * b)
    return _guard(_EXACT.multiply, a, b)


def divide(a: Number, b: Number) -> Decimal:
    """a / b, always a Decimal, rounded to 100 digits where it does not end."""
    return _guard(_ROUNDING.divide, bounded(a), _divisor(b))


def floor_divide(a: Number, b: Number) -> Number:
    """a // b, rounded down for ints and Decimals alike (Decimal's own operator rounds towards zero)."""
    a, b = bounded(a), _divisor(b)
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    quotient = _guard(_EXACT.divide_int, a, b)
    rest = _guard(_EXACT.remainder, a, b)
    return subtract(quotient, 1) if rest and (rest < 0) != (b < 0) else quotient


def modulo(a: Number, b: Number) -> Number:
    """a % b, with the sign of b."""
    a, b = bounded(a), _divisor(b)
    if isinstance(a, int) and isinstance(b, int):
        return a % b
    rest = _guard(_EXACT.remainder, a, b)
    return add(rest, b) if rest and (rest < 0) != (b < 0) else rest


def negative(value: Number) -> Number:
    """-value"""
    if isinstance(value, int):
        return bounded(-value)
    return _guard(_EXACT.minus, value)


def shifted(value: Number, places: int) -> Decimal:
    """value × 10 to the power of `places`, keeping the digits as they are: 1999 shifted by -2 is 19.99."""
    return _guard(_EXACT.scaleb, Decimal(bounded(value)), places)


def rounded(value: Number, places: int, mode: str) -> Decimal:
    """The value with exactly so many decimals. `mode` is a key of MODES."""
    if not -MAX_EXPONENT <= places <= MAX_DIGITS:
        raise _too_big()
    value, unit = Decimal(bounded(value)), Decimal((0, (1,), -places))
    return _guard(lambda: value.quantize(unit, rounding=MODES[mode], context=_ROUNDING))


def plain(value: Number) -> str:
    """The number in digits, without exponent; a Decimal keeps the decimals it was written with."""
    value = bounded(value)
    if isinstance(value, int):
        return str(value)
    # A zero may carry any exponent: it is bounded here, where its digits would be written out.
    check_text(abs(int(value.as_tuple().exponent)))
    return f"{value:f}"


def whole(value: Number) -> int | None:
    """The number as an int when it has no fraction, else None."""
    value = bounded(value)
    if isinstance(value, int):
        return value
    return int(value) if value == _EXACT.to_integral_value(value) else None


def _guard(
    compute: Callable[..., Decimal],
    *operands: Number,
    inexact: "Callable[[], ExpressionError] | None" = None,
) -> Decimal:
    """The result of a context's operation, with decimal's errors turned into ours."""
    try:
        return compute(*operands)
    except decimal.Inexact as error:
        if isinstance(error, _BOUNDS):
            raise _too_big() from None
        raise inexact() if inexact else _not_exact() from None
    except decimal.DecimalException:
        raise _too_big() from None


def _divisor(value: Number) -> Number:
    if value == 0:
        raise ExpressionError(
            "E308",
            "this divides by zero",
            help="check first: x / y if y != 0 else omit",
        )
    return bounded(value)


def _too_big() -> ExpressionError:
    return ExpressionError(
        "E303",
        f"a number has more than {MAX_DIGITS} digits or an exponent beyond ±{MAX_EXPONENT}",
    )


def _not_exact() -> ExpressionError:
    return ExpressionError(
        "E308",
        f"the exact result has more than {MAX_DIGITS} digits",
        help="round it: | round(2)",
    )
