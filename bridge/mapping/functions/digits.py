"""How a number is written for people: with a mark between groups of its digits."""

from decimal import Decimal
from typing import Annotated, Final

from bridge.mapping.functions.catalogue import Example, helper
from bridge.mapping.functions.money import check_marks
from bridge.mapping.values import numbers
from bridge.mapping.values.complaints import chosen
from bridge.mapping.values.value import Number

_SIZES: Final = {"thousands": 3, "indian": 2}  # of the groups before the last three


def known_style(style: str) -> int:
    """The digits of a group. Raises E302 for another word."""
    return chosen(style, _SIZES, "style of a number")


Style = Annotated[str, known_style]


@helper(
    "money",
    steps=12,
    errors=("E302", "E303"),
    examples=(
        Example("1234567.89 | format_number(',', '.')", {}, "1.234.567,89"),
        Example(
            "event.total | round(2) | format_number(style='indian')",
            {"event": {"total": Decimal("1234567.5")}},
            "12,34,567.50",
        ),
    ),
)
def format_number(
    value: Number, decimal: str = ".", group: str = ",", style: Style = "thousands"
) -> str:
    """The number as people write it, with its own decimals: `| round(2)` first gives two. `decimal` and `group` are the
    marks. Styles: thousands, and indian, which has groups of two digits before the last three.
    """
    size = known_style(style)
    check_marks(decimal, group)
    whole, _, fraction = numbers.plain(value).partition(".")
    sign, digits = whole[: -len(whole.lstrip("-"))], whole.lstrip("-")
    groups = [digits[-3:]]
    for end in range(len(digits) - 3, 0, -size):
        groups.append(digits[max(end - size, 0) : end])
    return sign + group.join(reversed(groups)) + (fraction and decimal + fraction)
