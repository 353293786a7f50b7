"""Declares operations: one decorator says path, scope, what it takes and gives, and an example.

So no operation can be without a scope, an example or a bound on what it reads.
"""

from collections.abc import Callable, Mapping
from contextvars import copy_context
from functools import wraps
from typing import Any

import flask_smorest
from flask import current_app
from marshmallow import Schema

from bridge.admin.scopes import needs
from bridge.api.parsing import Parser
from bridge.api.repeating import PARAMETER, once_a_key
from bridge.greenlets import off_the_loop
from bridge.services.parts import Parts

View = Callable[..., Any]


class Nothing(Schema):
    """A query without names."""


def parts() -> Parts:
    """The settings, the store and the rules."""
    kept: Parts = current_app.extensions["bridge"]
    return kept


class Resource(flask_smorest.Blueprint):  # type: ignore[misc]
    """The operations of one kind of thing. Its module keeps it as `blueprint`."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, __name__, description=description)

    def operation(
        self,
        method: str,
        path: str,
        *,
        scope: str,
        gives: type[Schema] | str,
        example: object,
        query: type[Schema] = Nothing,
        body: type[Schema] | None = None,
        given: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
        status: int = 200,
        sends: bool = False,
    ) -> Callable[[View], View]:
        """An operation. The view gets the parts of its path, and `query` and `body` if it declares them.

        `given` is the example of a body, `example` of the answer, `parameters` the values of path and query that the
        example is about. `gives` is a schema, or the media type of a Response that the view makes. One that `sends`
        takes an Idempotency-Key.
        """

        def declare(view: View) -> View:
            run = _beside(view) if method == "GET" else view
            run = self._answering(gives, status, example)(run)
            run = self.arguments(query, location="query", arg_name="query")(
                _without_query(run) if query is Nothing else run
            )
            if body is not None:
                run = self.arguments(body, arg_name="body", example=given)(run)
            for code in _errors(path, method):
                run = self.alt_response(code[0], code[1])(run)
            if sends:
                run = once_a_key(run)
                run._apidoc["arguments"]["parameters"].append(PARAMETER)  # type: ignore[attr-defined]
            run = self.doc(
                operationId=view.__name__,
                security=[{"token": [scope]}],
                **{"x-scope": scope, "x-example": dict(parameters or {})},
            )(run)
            self.route(path, methods=[method])(needs(scope)(run))
            return view

        return declare

    def _answering(
        self, gives: type[Schema] | str, status: int, example: object
    ) -> Callable[[View], View]:
        if not isinstance(gives, str):
            return self.response(status, gives, example=example)  # type: ignore[no-any-return]
        text = {"type": "string"}
        return self.response(  # type: ignore[no-any-return]
            status, text, content_type=gives, example=example
        )


def _errors(path: str, method: str) -> list[tuple[int, str]]:
    """The errors that an operation may answer, besides a defect."""
    some = [(401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (503, "SERVICE_UNAVAILABLE")]
    some += [(404, "NOT_FOUND")] if "<" in path else []
    return some + ([(409, "CONFLICT")] if method != "GET" else [])


def _beside(view: View) -> View:
    """Reads off the loop, because senders wait for the same loop. What writes stays: the store's writer is there."""

    @wraps(view)
    def beside(**given: Any) -> Any:
        context = copy_context()
        return off_the_loop(lambda: context.run(view, **given))

    return beside


def _without_query(run: View) -> View:
    @wraps(run)
    def plain(query: Any, **given: Any) -> Any:
        return run(**given)

    return plain
