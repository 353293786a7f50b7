"""Ticket systems: one module each, found by its top-level VENDOR; no list to edit anywhere.

Pure: a vendor turns checked fields into a Call and judges a Reply, and never sends anything. Other rooms use only what
this module offers. To add a vendor: docs/adding-a-vendor.md.
"""

import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import TypeVar

from bridge.errors import ConfigurationError, UnknownName
from bridge.vendors.base import Operation, Vendor
from bridge.vendors.checks import (
    check_auth,
    check_fields,
    check_names,
    check_options,
    did_you_mean,
    field_names,
    hint_names,
)

__all__ = [
    "Operation",
    "Vendor",
    "check_auth",
    "check_fields",
    "check_names",
    "check_options",
    "field_names",
    "get",
    "hint_names",
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
    return _choose("operation", name, {item.name: item for item in operations()})


def names() -> tuple[str, ...]:
    """The names of all vendors, sorted."""
    return tuple(sorted(_vendors(tuple(__path__))))


def operations() -> tuple[Operation, ...]:
    """All operations of all vendors, sorted by name."""
    found = (item for name in names() for item in get(name).operations)
    return tuple(sorted(found, key=lambda item: item.name))


@lru_cache(maxsize=1)
def _vendors(path: tuple[str, ...]) -> Mapping[str, Vendor]:
    """Every VENDOR in the modules of a path. The path is the cache's key, so that a folder added later is seen."""
    found: dict[str, Vendor] = {}
    for info in pkgutil.iter_modules(path):
        module = import_module(f"{__name__}.{info.name}")
        vendor = getattr(module, "VENDOR", None)
        if vendor is None:
            continue
        if vendor.name in found:
            raise ConfigurationError(
                f"two modules of bridge.vendors make a vendor '{vendor.name}': rename one"
            )
        found[vendor.name] = vendor
    return found


def _choose(what: str, name: str, choices: Mapping[str, _T]) -> _T:
    if name in choices:
        return choices[name]
    hint = did_you_mean(name, choices) or f": use {', '.join(choices)}"
    raise UnknownName(f"unknown {what} '{name}'{hint}")
