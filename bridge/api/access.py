"""Who asks: the token in `Authorization`, and the scope that each operation needs.

Every operation needs a token, unless it is marked `open_to_all`. A session of the console opens nothing here: a token
is never sent by a browser on its own, so the API needs no proof against other pages.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Flask, g, request

from bridge.errors import NotSignedIn
from bridge.services import people
from bridge.services.parts import Parts
from bridge.services.people import Person

_View = TypeVar("_View", bound=Callable[..., Any])
_SAID = "this needs a valid token"


def install(app: Flask, parts: Parts) -> None:
    """Demands a token for every operation that is not open to all."""

    def demand() -> None:
        g.person = None
        view = app.view_functions.get(request.endpoint or "")
        if view is None or getattr(view, "open_to_all", False):
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            now = datetime.now(UTC)
            g.person = people.of_token(parts.database, token.strip(), now=now)
        reads = request.method in ("GET", "HEAD", "OPTIONS")
        who().require(getattr(view, "scope", people.READ if reads else people.ADMIN))

    app.before_request(demand)


def who() -> Person:
    """The person who answers for the token of this request. Raises NotSignedIn."""
    person: Person | None = g.person
    if person is None:
        raise NotSignedIn(_SAID)
    return person


def needs(scope: str) -> Callable[[_View], _View]:
    """Marks an operation: its token must have this scope."""

    def mark(view: _View) -> _View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def open_to_all(view: _View) -> _View:
    """Marks an operation that needs no token."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view
