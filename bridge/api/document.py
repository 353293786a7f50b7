"""The OpenAPI document, at /api/v1/openapi.json: stable text, made from the operations themselves."""

from http import HTTPStatus
from typing import Any

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from bridge.admin.scopes import open_to_all
from bridge.api import problems

SCOPES = {
    "read": "look at everything that is not masked",
    "operate": "retry, release, cancel, replay, reroute, pause and resume",
    "reveal": "see masked content, with a reason",
    "admin": "manage people, tokens and sessions",
}
_ABOUT = """Look at what a bridge received and sent, and steer it.

Lists answer `{data, next}`: send `next` as `cursor` to get the next page. Errors are RFC 9457 problems with a `code` \
for programs and a `remedy` for people. A number that a double cannot hold is text. Times are RFC 3339 in UTC."""


def _name(schema: Any) -> str:
    """The name of a schema: that of its module and its own, so that two modules need not agree."""
    kind: Any = resolve_schema_cls(schema)
    module = kind.__module__.rpartition(".")[2].title().replace("_", "")
    return f"{module}{kind.__name__.removesuffix('Schema')}"


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest, with our errors."""

    ERROR_SCHEMA = problems.ProblemSchema

    def __init__(self, app: Flask) -> None:
        app.config |= {
            "API_TITLE": "Bridge",
            "API_VERSION": "1",
            "OPENAPI_VERSION": "3.1.0",
            "OPENAPI_URL_PREFIX": "/",
        }
        said = "; ".join(f"`{name}`: {what}" for name, what in SCOPES.items())
        token = {
            "type": "http",
            "scheme": "bearer",
            "description": f"`bridge token add` makes a token. Scopes: {said}.",
        }
        named = MarshmallowPlugin(schema_name_resolver=_name)
        options = {
            "marshmallow_plugin": named,
            "info": {"description": _ABOUT},
            "servers": [{"url": "/api/v1"}],
            "components": {"securitySchemes": {"token": token}},
        }
        super().__init__(app, spec_kwargs=options)

    def _register_responses(self) -> None:
        """Every error is a problem."""
        said = {status.name: status.phrase for status in HTTPStatus}
        for name, description in {**said, "DEFAULT_ERROR": "Any other error"}.items():
            content = {problems.MEDIA_TYPE: {"schema": self.ERROR_SCHEMA}}
            response = {"description": description, "content": content}
            self.spec.components.response(name, response, lazy=True)

    def _register_pagination_header(self) -> None:
        """Pages have cursors, not a header."""

    def _register_etag_headers(self) -> None:
        """Nothing here has an ETag."""

    @open_to_all
    def _openapi_json(self) -> Response:
        """The document; it tells nothing of this bridge."""
        return super()._openapi_json()  # type: ignore[no-any-return]

    def handle_http_exception(self, error: HTTPException) -> Response:
        """What flask-smorest installs for errors of HTTP."""
        return problems.of_http(error)
