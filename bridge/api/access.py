"""Who asks, and whether that token may. A session of the console does not open the API."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from bridge.api.problems import Problem
from bridge.services.parts import Parts

_View = TypeVar("_View", bound=Callable[..., Any])


def install(app: Flask, parts: Parts) -> None:
    """Demands a token for every operation that is not open to all."""
    app.extensions.setdefault("bridge.of_token", lambda token: None)
    app.before_request(_ask)


def who() -> Any:
    """The person whose token this request carries."""
    return g.person


def needs(scope: str) -> Callable[[_View], _View]:
    """Marks an operation: its token must have this scope."""

    def mark(view: _View) -> _View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def open_to_all(view: _View) -> _View:
    """Marks an operation that needs no token."""
    view.open = True  # type: ignore[attr-defined]
    return view


def _ask() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "open", False):
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    of_token: Callable[[str], Any] = current_app.extensions["bridge.of_token"]
    person = of_token(token.strip()) if scheme.lower() == "bearer" else None
    if person is None:
        said = {"WWW-Authenticate": "Bearer"}
        raise Problem(401, "this needs a valid token", headers=said)
    scope = getattr(view, "scope", "read" if request.method == "GET" else "admin")
    if scope not in person.scopes:
        raise Problem(403, f"this needs the scope {scope}")
    g.person = person
