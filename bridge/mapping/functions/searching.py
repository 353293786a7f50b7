"""Helpers that find a part of a text by a pattern."""

from typing import Annotated

from bridge.mapping.functions.catalogue import LITERAL, Example, helper
from bridge.mapping.functions.patterns import Pattern, pattern
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import Missing


def matching(source: str) -> Pattern:
    """What takes a part at the beginning. Raises E311."""
    return pattern(source, taking=True)


def searching(source: str) -> Pattern:
    """What takes a part anywhere. Raises E311."""
    return pattern(source, anywhere=True, taking=True)


@helper(
    "text",
    steps=4,
    errors=("E303", "E311"),
    examples=(
        Example("'INV-77/2' | match('[A-Z]+-[0-9]+')", {}, "INV-77"),
        Example("'7 INV-77' | match('[A-Z]+') | default('')", {}, ""),
    ),
)
def match(
    scope: Scope, value: str, pattern: Annotated[str, matching, LITERAL]
) -> str | Missing:
    """The beginning of a text that a pattern matches, or the part of it in ( ); missing where it does not. Patterns are
    regular expressions without \\b, \\1, look-around and *?; they take as much as they can, in one pass.
    """
    found = matching(pattern).found(value, scope.budget)
    return Missing(reason="the pattern does not match") if found is None else found


@helper(
    "text",
    steps=4,
    errors=("E303", "E311"),
    examples=(
        Example("'Re: [T-1234] printer' | search('T-([0-9]+)')", {}, "1234"),
        Example(
            "event.url | search('[^/]+$')",
            {"event": {"url": "https://a.cl/orders/77"}},
            "77",
        ),
    ),
)
def search(
    scope: Scope, value: str, pattern: Annotated[str, searching, LITERAL]
) -> str | Missing:
    """The first part of a text that a pattern matches, as long as it can be, or the part of it in ( ); missing where
    there is none. Of patterns see match."""
    found = searching(pattern).found(value, scope.budget)
    return Missing(reason="the pattern is not found") if found is None else found
