"""What may follow `is`. Tests answer for every value, also for a missing one: they are how a rule asks first.

Those that look into text say no to what is missing or null, and refuse other kinds: a number has no beginning.
"""

from typing import Annotated, Final

from bridge.kinds import type_of
from bridge.mapping.functions.catalogue import LITERAL, Example, helper
from bridge.mapping.functions.ids import UUID
from bridge.mapping.functions.patterns import Pattern, pattern
from bridge.mapping.functions.text import Sought, not_empty
from bridge.mapping.values.compare import composed
from bridge.mapping.values.complaints import wrong_type
from bridge.mapping.values.kinds import NOTHING, NUMBERS, is_present
from bridge.mapping.values.scope import Scope
from bridge.mapping.values.value import Missing
from bridge.strict.names import LONGEST

_PART: Final = 100  # characters of a beginning or end that may be spelt in two ways


def matching(source: str) -> Pattern:
    """A pattern at the beginning. Raises E311."""
    return pattern(source)


def searching(source: str) -> Pattern:
    """A pattern anywhere. Raises E311."""
    return pattern(source, anywhere=True)


@helper(
    "tests",
    absent=True,
    examples=(
        Example("event.a is defined", {"event": {"a": None}}, True),
        Example("event.b is defined", {"event": {"a": None}}, False),
    ),
)
def defined(value: object) -> bool:
    """The path leads somewhere, be it to null."""
    return not isinstance(value, Missing)


@helper(
    "tests",
    absent=True,
    examples=(
        Example("event.a is present", {"event": {"a": 0}}, True),
        Example("event.a is present", {"event": {"a": ""}}, False),
    ),
)
def present(value: object) -> bool:
    """Defined, not null, and not an empty text, list or mapping. 0 and false are present."""
    return is_present(value)


@helper(
    "tests",
    absent=True,
    examples=(
        Example("event.a is number", {"event": {"a": 5}}, True),
        Example("event.a is number", {"event": {"a": "5"}}, False),
    ),
)
def number(value: object) -> bool:
    """A number; text with digits is text."""
    return type(value) in NUMBERS


@helper(
    "tests",
    absent=True,
    examples=(
        Example("event.a is string", {"event": {"a": "5"}}, True),
        Example("event.a is string", {"event": {"a": 5}}, False),
    ),
)
def string(value: object) -> bool:
    """Text, also an empty one."""
    return type(value) is str


@helper(
    "tests",
    absent=True,
    examples=(
        Example("event.a is mapping", {"event": {"a": {}}}, True),
        Example("event.a is mapping", {"event": {"a": []}}, False),
    ),
)
def mapping(value: object) -> bool:
    """Keys and values."""
    return type_of(value) is dict


@helper(
    "tests",
    absent=True,
    examples=(
        Example(
            "event.a is uuid",
            {"event": {"a": "a1b2c3d4-e5f6-7890-abcd-ef1234567890"}},
            True,
        ),
        Example("event.a is uuid", {"event": {"a": "42"}}, False),
    ),
)
def uuid(value: object) -> bool:
    """Text that | uuid takes."""
    return isinstance(value, str) and UUID.fullmatch(value) is not None


@helper(
    "tests",
    absent=True,
    errors=("E302",),
    examples=(
        Example("event.ref is startswith('INV-')", {"event": {"ref": "INV-7"}}, True),
        Example("event.ref is not startswith('INV-')", {"event": {}}, True),
    ),
)
def startswith(scope: Scope, value: str | None, start: Sought) -> bool:
    """Text that begins so, upper and lower case told apart: `| lower` first makes them one."""
    text, start = _texts(scope, "startswith", value, start, slice(LONGEST))
    return text.startswith(start) if text else False


@helper(
    "tests",
    absent=True,
    errors=("E302",),
    examples=(
        Example("event.file is endswith('.pdf')", {"event": {"file": "a.pdf"}}, True),
        Example("event.file is endswith('.pdf')", {"event": {"file": "a.PDF"}}, False),
    ),
)
def endswith(scope: Scope, value: str | None, end: Sought) -> bool:
    """Text that ends so, upper and lower case told apart."""
    text, end = _texts(scope, "endswith", value, end, slice(-LONGEST, None))
    return text.endswith(end) if text else False


@helper(
    "tests",
    absent=True,
    errors=("E302", "E303", "E311"),
    examples=(
        Example("event.ref is match('INV-[0-9]+$')", {"event": {"ref": "INV-7"}}, True),
        Example("event.ref is match('[0-9]')", {"event": {"ref": "INV-7"}}, False),
    ),
)
def match(
    scope: Scope, value: str | None, pattern: Annotated[str, matching, LITERAL]
) -> bool:
    """Text whose beginning matches a pattern; all of it where the pattern ends with $. Of patterns see the helper
    match."""
    text = _text("match", value)
    return bool(text is not None and _found(scope, text, matching(pattern)))


@helper(
    "tests",
    absent=True,
    errors=("E302", "E303", "E311"),
    examples=(
        Example("event.note is search('T-[0-9]+')", {"event": {"note": "a T-7"}}, True),
        Example("event.note is search('^T-')", {"event": {"note": "a T-7"}}, False),
    ),
)
def search(
    scope: Scope, value: str | None, pattern: Annotated[str, searching, LITERAL]
) -> bool:
    """Text in which a pattern is found, wherever it stands."""
    text = _text("search", value)
    return bool(text is not None and _found(scope, text, searching(pattern)))


def _found(scope: Scope, text: str, sought: Pattern) -> bool:
    return sought.found(text, scope.budget) is not None


def _text(who: str, value: object) -> str | None:
    """The text that a test looks into, None for none. Raises E302 for another kind."""
    if type(value) in NOTHING:
        return None
    if not isinstance(value, str):
        raise wrong_type(f"'{who}'", {str}, value)
    return value


def _texts(
    scope: Scope, who: str, value: object, part: str, where: slice
) -> tuple[str, str]:
    """A text and the part that is looked for, each in the one spelling of its letters where they are short enough."""
    not_empty(part)
    text = _text(who, value) or ""
    if text.isascii() or len(part) > _PART:
        scope.budget.charge(part)
        return text, part
    return composed(text[where], scope.budget), composed(part, scope.budget)
