"""Who asks: until people can sign in, nobody does, and every page but the open ones is refused."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, request

from bridge.services.parts import Parts

_View = TypeVar("_View", bound=Callable[..., Any])


def install(app: Flask, parts: Parts) -> None:
    """Refuses whoever may not ask."""
    app.jinja_env.globals.setdefault("csrf_token", lambda: "")

    @app.before_request
    def demand() -> None:
        view = app.view_functions.get(request.endpoint or "")
        is_open = request.endpoint == "static" or getattr(view, "open_to_all", False)
        if view is not None and not is_open and who() is None:
            abort(403)

    @app.context_processor
    def person() -> dict[str, Any]:
        return {"person": who()}


def who() -> Any:
    """The person of this request."""
    return current_app.config.get("PERSON")


def needs(scope: str) -> Callable[[_View], _View]:
    """Marks a view with the scope that it asks for."""

    def mark(view: _View) -> _View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def open_to_all(view: _View) -> _View:
    """Marks a view that needs no sign-in."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view
