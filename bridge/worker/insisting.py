"""Whose fault it is when the store does not take something: its own, or that of what it was given.

A store that is away says nothing about what it was given, which is then kept and tried again. One that broke off may
have done so at what it was given: that is known when it does so each time, and takes something small in between.
"""

from collections.abc import Callable
from typing import TypeVar

from bridge.errors import StoreLost, StoreRefused, StoreUnavailable
from bridge.store import Database, clock

T = TypeVar("T")
TRIES = 3


def is_away(error: Exception) -> bool:
    """Whether the store cannot take anything now."""
    blames = isinstance(error, StoreRefused | StoreLost)
    return isinstance(error, StoreUnavailable) and not blames


def insist(database: Database, do: Callable[[], T], tries: int = TRIES) -> T:
    """Does it, up to `tries` times while the store breaks off. Raises StoreUnavailable where the store is away."""
    try:
        return do()
    except StoreLost:
        _require(database)
        if tries == 1:
            raise
    return insist(database, do, tries - 1)


def _require(database: Database) -> None:
    """Raises StoreUnavailable unless the store takes a transaction now."""
    try:
        database.write(clock)
    except StoreLost as error:
        raise StoreUnavailable(str(error)) from None
