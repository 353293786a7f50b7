"""Which scope each view of console and API needs. Nothing is open by accident: a view without a mark needs a scope too.

Who asks, and how a refusal is answered, is each face's own matter.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request

from bridge.services.people import ADMIN, READ

_View = TypeVar("_View", bound=Callable[..., Any])


def needs(scope: str) -> Callable[[_View], _View]:
    """Marks a view: whoever asks must have this scope."""

    def mark(view: _View) -> _View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def open_to_all(view: _View) -> _View:
    """Marks a view that nobody has to be known for."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def asked_view() -> Any:
    """The view of this request; None if no address or method of its application is meant."""
    return current_app.view_functions.get(request.endpoint or "")


def is_open(view: Any) -> bool:
    """Whether nobody has to be known for it."""
    return getattr(view, "open_to_all", False)


def needed(view: Any) -> str:
    """The scope that this request needs for a view. Without a mark, what only reads needs `read`, the rest `admin`."""
    reads = request.method in ("GET", "HEAD", "OPTIONS")
    scope: str = getattr(view, "scope", READ if reads else ADMIN)
    return scope
