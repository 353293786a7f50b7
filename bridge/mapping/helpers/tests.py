"""What may follow `is`. Tests answer for every value, also for a missing one: they are how a rule asks first."""

from bridge.mapping.helpers.catalogue import Example, helper
from bridge.mapping.helpers.ids import UUID
from bridge.mapping.helpers.kinds import NUMBERS, is_present, type_of
from bridge.mapping.helpers.values import Missing


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
