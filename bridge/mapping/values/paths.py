"""Walking into a value: mapping keys and list indexes, never an attribute, so `order.items` is the key.

Paths are tuples of text, an index as its digits; a helper takes one as dotted text.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from bridge.mapping.values.value import ExpressionError, Missing

ABSENT: Final = object()  # what a look-up gives for a key that is not there


def child(value: object, key: str) -> object:
    """What a mapping has at a key or a list at an index, ABSENT otherwise."""
    if isinstance(value, Mapping):
        return value.get(key, ABSENT)
    if isinstance(value, list):
        index = index_of(key)
        if index is not None and index < len(value):
            return value[index]
    return ABSENT


def index_of(key: str) -> int | None:
    """The list index a key stands for, None for any other key."""
    return int(key) if key.isascii() and key.isdecimal() and len(key) < 8 else None


def follow(value: object, path: tuple[str, ...]) -> object:
    """What a path leads to from a value; a Missing that knows how far it went otherwise."""
    for depth, key in enumerate(path):
        found = child(value, key)
        if found is ABSENT:
            return Missing(path, found=depth, there=value)
        value = found
    return value


@lru_cache(maxsize=1024)
def split(path: str) -> tuple[str, ...]:
    """`data.items.0` as a path. Raises E302 for an empty one or one with an empty part."""
    parts = tuple(path.split("."))
    if not all(parts) or len(parts) > 20:
        raise ExpressionError(
            "E302",
            "a path is keys joined by dots",
            help="write it like 'metadata.ticket_id', at most 20 keys",
        )
    return parts
