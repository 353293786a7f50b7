"""Every error of the API, as RFC 9457 describes: a code for programs, a sentence and a remedy for people.

An error never shows a trace, a statement or a value of the store.
"""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, request
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from bridge import log
from bridge.errors import (
    BridgeError,
    CallRefused,
    ConfigurationError,
    StoreUnavailable,
)
from bridge.services.filters import BadFilter
from bridge.services.pausing import NoSuchName

MEDIA_TYPE = "application/problem+json"

# What to do, by code; a code that is not here explains itself in its detail.
REMEDIES: dict[str, str] = {
    "bad_filter": "correct the filter at `at`: docs/filters.md explains each key",
    "bad_cursor": "start at the first page: leave out `cursor`",
    "bad_request": "correct what `errors` lists: /api/v1/openapi.json describes the operation",
    "content_too_large": "send a smaller body",
    "forbidden": "use a token that has the scope: `bridge token add` makes one",
    "internal_server_error": "look for the request id in the bridge's log, and report it",
    "method_not_allowed": "use one of the methods in the Allow header",
    "not_found": "check the path and the id: /api/v1/openapi.json lists every path",
    "store_unavailable": "send the same request again after the seconds in Retry-After",
    "unauthorized": "send `Authorization: Bearer TOKEN`: `bridge token add` makes a token",
    "unsupported_media_type": "send JSON, with Content-Type: application/json",
}
# HTTP status by kind of error, the first that fits.
_STATUS: tuple[tuple[type[BridgeError], int], ...] = (
    (StoreUnavailable, 503),
    (BadFilter, 400),
    (NoSuchName, 404),
    (ConfigurationError, 409),
    (CallRefused, 409),
)
# HTTP status by what a command would end with: what was asked for cannot be read, is not there.
_BY_EXIT_CODE = {2: 400, 5: 404}
# Seconds.
_AGAIN = "2"

_log = log.get("api")


class ProblemSchema(Schema):
    """Why a request was not answered as asked."""

    type = fields.String(
        required=True, metadata={"description": "urn:bridge:problem: and the code"}
    )
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What happened."})
    code = fields.String(required=True, metadata={"description": "For programs."})
    remedy = fields.String(required=True, metadata={"description": "What to do."})
    request_id = fields.String(required=True)
    errors = fields.List(
        fields.Dict(), metadata={"description": "Each value that cannot be used."}
    )
    at = fields.Integer(metadata={"description": "Where a filter is wrong, from 0."})
    length = fields.Integer(metadata={"description": "How many characters are wrong."})


class Problem(BridgeError):
    """An answer that a face decides on: nothing with this id, no such scope, a key that was used."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str = "",
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(detail)
        self.status, self.remedy = status, remedy
        self.reason = code or _code(status)
        self.headers, self.more = headers or {}, more


def not_found(what: str) -> Problem:
    """There is no such thing: `delivery 4711`."""
    return Problem(404, f"there is no {what}")


def answer_errors(app: Flask) -> None:
    """Makes a problem of everything that an operation raises."""
    app.register_error_handler(BridgeError, of_bridge)
    app.register_error_handler(Exception, _of_defect)


def of_bridge(error: BridgeError) -> Response:
    """The problem of an error that the bridge raises on purpose."""
    detail = str(error)
    if isinstance(error, Problem):
        return _answer(
            error.status,
            error.reason,
            detail,
            error.remedy,
            error.headers,
            **error.more,
        )
    own = getattr(error, "status", _BY_EXIT_CODE.get(error.exit_code, 500))
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), own)
    if status == 500:
        return _of_defect(error)
    headers = _headers(error, status)
    place = {
        name: value
        for name in ("at", "length")
        if isinstance(value := getattr(error, name, None), int)
    }
    code = "store_unavailable" if status == 503 else error.reason
    return _answer(status, code, detail, "", headers, **place)


def _headers(error: BridgeError, status: int) -> dict[str, str]:
    """The headers that belong to a status."""
    wait = getattr(error, "wait", _AGAIN)
    return {
        401: {"WWW-Authenticate": "Bearer"},
        429: {"Retry-After": f"{float(wait):.0f}"},
        503: {"Retry-After": _AGAIN},
    }.get(status, {})


def of_http(error: HTTPException) -> Response:
    """The problem of what Flask itself refuses: no such path, a method that is not allowed, a body too large."""
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() not in ("content-type", "content-length")
    }
    status = error.code or 500
    more = {}
    if messages := getattr(error, "data", {}).get("messages"):
        more["errors"] = [*_listed(messages)]
        detail = "; ".join(f"{one['name']}: {one['message']}" for one in more["errors"])
    else:
        detail = error.description or HTTPStatus(status).phrase
    return _answer(status, _code(status), detail, "", headers, **more)


def _listed(messages: object, path: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """Marshmallow's messages as a list: where (query, json), which value, and the sentence."""
    if isinstance(messages, Mapping):
        return [
            one
            for key, inner in messages.items()
            for one in _listed(inner, (*path, str(key)))
        ]
    place, *names = path or ("request",)
    name = ".".join(one for one in names if one != "_schema") or place
    said = messages if isinstance(messages, list) else [messages]
    return [{"in": place, "name": name, "message": str(one)} for one in said]


def _of_defect(error: Exception) -> Response:
    """A defect of the bridge: the trace goes into its log, the request id into both."""
    if isinstance(error, HTTPException):
        return of_http(error)
    kind = type(error).__name__
    _log.error(
        "failed",
        operation=request.endpoint,
        request_id=request_id(),
        error=kind,
        exc_info=error,
    )
    return _answer(500, _code(500), "the bridge failed at this request")


def request_id() -> str:
    """The id of this request, which its answer and the log name."""
    made: str = request.environ.setdefault("bridge.request_id", secrets.token_hex(8))
    return made


def _code(status: int) -> str:
    return {413: "content_too_large"}.get(status, HTTPStatus(status).name.lower())


def _answer(
    status: int,
    code: str,
    detail: str,
    remedy: str = "",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    problem = {
        "type": f"urn:bridge:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "remedy": remedy or REMEDIES.get(code, detail),
        "request_id": request_id(),
        **more,
    }
    response = Response(
        current_app.json.dumps(problem), status, content_type=MEDIA_TYPE
    )
    response.headers.update(headers or {})
    return response
