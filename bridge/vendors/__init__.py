"""Ticket systems: one module each, found by its top-level VENDOR; no list to edit anywhere.

Pure: a vendor turns checked fields into a Call and judges a Reply, and never sends anything. Other rooms use only what
this module offers. To add a vendor: docs/adding-a-vendor.md.
"""

import pkgutil
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import import_module
from itertools import chain
from typing import TypeVar

from bridge.errors import ConfigurationError, UnknownName
from bridge.vendors.answers import NOT_FOUND
from bridge.vendors.base import Operation, Vendor
from bridge.vendors.checks import (
    check_auth,
    check_fields,
    check_names,
    check_options,
    check_values,
    field_names,
    hint_names,
    suggest,
)

__all__ = [
    "NOT_FOUND",
    "Operation",
    "Vendor",
    "check_auth",
    "check_fields",
    "check_names",
    "check_options",
    "check_values",
    "field_names",
    "get",
    "hint_names",
    "look_up",
    "look_ups",
    "names",
    "operation",
    "operations",
]

_T = TypeVar("_T", Vendor, Operation)


def get(name: str) -> Vendor:
    """The vendor of this name. Raises UnknownName."""
    return _choose("vendor", name, _vendors(tuple(__path__)))


def operation(name: str) -> Operation:
    """The operation of this full name, such as vambe.update_amount. Raises UnknownName."""
    known = _operations(tuple(__path__))
    if name not in known and name in _look_ups(tuple(__path__)):
        raise UnknownName(f"'{name}' only reads: write it under fetch of a source")
    return _choose("operation", name, known)


def look_up(name: str) -> Operation:
    """The operation of this full name that changes nothing, such as http.request. Raises UnknownName."""
    known = _look_ups(tuple(__path__))
    if name not in known and name in _operations(tuple(__path__)):
        raise UnknownName(
            f"'{name}' changes something: for a look-up, use one of {', '.join(known)}"
        )
    return _choose("look-up", name, known)


def names() -> tuple[str, ...]:
    """The names of all vendors, sorted."""
    return tuple(sorted(_vendors(tuple(__path__))))


def operations() -> tuple[Operation, ...]:
    """All operations of all vendors, sorted by name."""
    return tuple(_operations(tuple(__path__)).values())


def look_ups() -> tuple[Operation, ...]:
    """What may be asked of the vendors, sorted by name."""
    return tuple(_look_ups(tuple(__path__)).values())


@lru_cache(maxsize=1)
def _vendors(path: tuple[str, ...]) -> Mapping[str, Vendor]:
    """Every VENDOR in the modules of a path. The path is the cache's key, so that a folder added later is seen."""
    vendors: dict[str, Vendor] = {}
    for info in pkgutil.iter_modules(path):
        module = import_module(f"{__name__}.{info.name}")
        vendor = getattr(module, "VENDOR", None)
        if vendor is None:
            continue
        if vendor.name in vendors:
            raise ConfigurationError(
                f"two modules of bridge.vendors make a vendor '{vendor.name}': rename one"
            )
        vendors[vendor.name] = vendor
    return vendors


@lru_cache(maxsize=1)
def _operations(path: tuple[str, ...]) -> Mapping[str, Operation]:
    """Every operation of the vendors of a path, sorted by name."""
    return _by_name(vendor.operations for vendor in _vendors(path).values())


@lru_cache(maxsize=1)
def _look_ups(path: tuple[str, ...]) -> Mapping[str, Operation]:
    """Every look-up of the vendors of a path, sorted by name."""
    return _by_name(vendor.look_ups for vendor in _vendors(path).values())


def _by_name(groups: Iterable[tuple[Operation, ...]]) -> Mapping[str, Operation]:
    return {
        item.name: item for item in sorted(chain(*groups), key=lambda one: one.name)
    }


def _choose(what: str, name: str, choices: Mapping[str, _T]) -> _T:
    if name in choices:
        return choices[name]
    raise UnknownName(f"unknown {what} '{name}'{suggest(name, choices)}")
