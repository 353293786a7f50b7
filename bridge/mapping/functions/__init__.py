"""The catalogue of helpers: everything that may follow `|` or `is` in an expression, and nothing else.

One function per helper, in the module of its group; its annotations say what it takes, so the checks, the docs and the
hints come from one place. Helpers are pure: the same event always gives the same value. Knows values, but not the
language they are used in; bridge.mapping.expressions builds on it.
"""

from bridge.mapping.functions import (
    calendar,
    data,
    digits,
    ids,
    lists,
    markup,
    money,
    searching,
    tests,
    text,
    time,
)
from bridge.mapping.functions.catalogue import FILTERS, TESTS, Example, Helper

# Importing a group registers its helpers.
__all__ = [
    "FILTERS",
    "TESTS",
    "Example",
    "Helper",
    "calendar",
    "data",
    "digits",
    "ids",
    "lists",
    "markup",
    "money",
    "searching",
    "tests",
    "text",
    "time",
]
