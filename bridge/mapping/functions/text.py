"""Helpers for text. What they make is bounded before it is made; nothing here reads HTML, see markup."""

from decimal import Decimal
from typing import Annotated
from unicodedata import combining, normalize

from bridge.mapping.functions import letters
from bridge.mapping.functions.catalogue import Example, helper
from bridge.mapping.values import numbers
from bridge.mapping.values.complaints import wrong_type
from bridge.mapping.values.limits import check_items, check_text
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import ExpressionError, Missing, Number

# As Unicode's stream-safe text has it. Putting marks in order takes the square of their number.
_MOST_MARKS = 30


def as_text(value: object) -> str:
    """What is inserted between other text: text as it is, a number in digits. Every other kind is refused."""
    if type(value) is str:
        return value
    if type(value) is int or type(value) is Decimal:
        return numbers.plain(value)
    help = "choose one: x if … else y" if isinstance(value, bool) else ""
    if isinstance(value, list):
        help = "add | join(', ')"
    raise wrong_type("text around a value", {str, int, Decimal}, value, help=help)


def not_empty(text: str) -> str:
    """The same text. Raises E302 when it is empty: it would be found between every two characters."""
    if not text:
        raise ExpressionError("E302", "the text to look for cannot be empty")
    return text


Sought = Annotated[str, not_empty]


@helper(
    "text",
    times=4,
    errors=("E303",),
    examples=(
        Example("'usd' | upper", {}, "USD"),
        Example("event.name | upper", {"event": {"name": "José"}}, "JOSÉ"),
    ),
)
def upper(value: str) -> str:
    """The text in upper case."""
    check_text(len(value))
    return value.upper()


@helper(
    "text",
    times=4,
    errors=("E303",),
    examples=(
        Example("'USD' | lower", {}, "usd"),
        Example("event.name | lower", {"event": {"name": "ÁNGEL"}}, "ángel"),
    ),
)
def lower(value: str) -> str:
    """The text in lower case."""
    check_text(len(value))
    return value.lower()


@helper(
    "text",
    examples=(
        Example("'  T-1 ' | trim", {}, "T-1"),
        Example("event.id | trim", {"event": {"id": "\t42\n"}}, "42"),
    ),
)
def trim(value: str) -> str:
    """The text without white space at both ends."""
    return value.strip()


@helper(
    "text",
    times=2,
    errors=("E302", "E303"),
    examples=(
        Example("'a-b-c' | replace('-', ' ')", {}, "a b c"),
        Example(
            "event.id | replace('ticket:', '')", {"event": {"id": "ticket:9"}}, "9"
        ),
    ),
)
def replace(value: str, old: Sought, new: str) -> str:
    """The text with each `old` as `new`. An empty `old` is refused."""
    count = value.count(not_empty(old))
    check_text(len(value) + count * (len(new) - len(old)))
    return value.replace(old, new)


@helper(
    "text",
    times=2,
    errors=("E302", "E303"),
    examples=(
        Example("'T1, T2' | split(',')", {}, ["T1", "T2"]),
        Example("event.tags | split(';')", {"event": {"tags": ""}}, []),
    ),
)
def split(value: str, separator: Sought) -> list[str]:
    """The parts between separators, each without white space at its ends. An empty part stays, so that positions
    count: `| select` drops it. An empty text has no parts."""
    check_items(value.count(not_empty(separator)) + 1)
    return [part.strip() for part in value.split(separator)] if value.strip() else []


@helper(
    "text",
    times=3,
    errors=("E302", "E303"),
    examples=(
        Example("['a', 'b'] | join(', ')", {}, "a, b"),
        Example("event.ids | join('-')", {"event": {"ids": [1, 2]}}, "1-2"),
    ),
)
def join(value: list[object], separator: str = "") -> str:
    """The items, each text or a number, with the separator between them."""
    parts = [as_text(item) for item in value]
    check_text(sum(map(len, parts)) + len(separator) * max(len(parts) - 1, 0))
    return separator.join(parts)


@helper(
    "text",
    errors=("E302", "E303"),
    examples=(
        Example("'Payment failed' | truncate(8)", {}, "Payment…"),
        Example("event.note | truncate(9, '')", {"event": {"note": "short"}}, "short"),
    ),
)
def truncate(scope: Scope, value: str, length: int, end: str = "…") -> str:
    """At most `length` characters, of which `end` is the last part when something was cut. What people see as one sign
    stays whole: an emoji of several characters, a flag, a letter and its marks."""
    check_text(max(length, len(end)))
    if length < len(end):
        raise ExpressionError("E302", "truncate's length is shorter than its end mark")
    if len(value) <= length:
        return value
    wanted = length - len(end)
    place = letters.last_cut(value, wanted, scope.budget)
    return value[:place] + end


@helper(
    "text",
    errors=("E303",),
    examples=(
        Example("19.90 | string", {}, "19.90"),
        Example("event.paid | string", {"event": {"paid": True}}, "true"),
    ),
)
def string(value: str | Number | bool) -> str:
    """A number in plain digits, true or false as that word; text stays as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_text(value)


@helper(
    "text",
    steps=2,
    times=8,
    errors=("E303",),
    examples=(
        Example("event.name | nfc", {"event": {"name": "Jose\u0301"}}, "Jos\u00e9"),
        Example("'abc' | nfc", {}, "abc"),
    ),
)
def nfc(value: str) -> str:
    """The text with each letter and its marks as one character where there is one, as most systems keep names."""
    check_text(len(value))
    marks = 0
    for char in value if not value.isascii() else "":
        marks = marks + 1 if combining(char) else 0
        if marks > _MOST_MARKS:
            said = f"a letter has more than {_MOST_MARKS} marks"
            raise ExpressionError("E303", said)
    return normalize("NFC", value)


@helper(
    "text",
    absent=True,
    catches=True,
    examples=(
        Example(
            "event.phone | e164('CL') | or_else('')", {"event": {"phone": "?"}}, ""
        ),
        Example("event.n | number | or_else(0)", {"event": {"n": "5"}}, 5),
    ),
)
def or_else(value: object, other: object) -> object:
    """The value, or `other` where it is missing, null, or what stands before fails. or_else(omit) leaves the field
    out."""
    return other if value is None or isinstance(value, Missing) else value


@helper(
    "text",
    absent=True,
    examples=(
        Example("event.note | default('none')", {"event": {}}, "none"),
        Example("event.note | default('none')", {"event": {"note": ""}}, ""),
    ),
)
def default(value: object, other: object) -> object:
    """The value, or `other` where it is missing or null. default(omit) leaves the field out."""
    return other if value is None or isinstance(value, Missing) else value


@helper(
    "text",
    absent=True,
    examples=(
        Example("event.email | coalesce(event.phone)", {"event": {"phone": "1"}}, "1"),
        Example(
            "event.a | coalesce(event.b, 'c')", {"event": {"a": None, "b": None}}, "c"
        ),
    ),
)
def coalesce(value: object, *others: object) -> object:
    """The first value that is neither missing nor null; missing when there is none."""
    for candidate in (value, *others):
        if candidate is not None and not isinstance(candidate, Missing):
            return candidate
    return value
