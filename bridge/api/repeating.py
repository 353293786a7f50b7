"""Idempotency-Key: an operation that sends or changes something is done once for each key."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from flask import Response, current_app, make_response, request

from bridge.api.access import who
from bridge.api.problems import Problem
from bridge.errors import StoreUnavailable
from bridge.services import once
from bridge.services.parts import Parts

HEADER = "Idempotency-Key"
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "Your own name for this request. The same request with the same key within 24 hours is not done"
    " again, and gets the same answer.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}
_KEY = re.compile(r"[!-~]{1,200}")


def once_a_key(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view, done once for each person and key; without a key it is done each time."""

    @wraps(view)
    def keyed(**given: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return view(**given)
        if not _KEY.fullmatch(key):
            said = f"{HEADER} must be 1 to 200 visible ASCII characters"
            raise Problem(400, said, remedy="send a new random id for each request")
        parts: Parts = current_app.extensions["bridge"]
        return _once(parts, who().name, key, lambda: make_response(view(**given)))

    return keyed


def _once(parts: Parts, person: str, key: str, do: Callable[[], Response]) -> Response:
    """The answer of the first request, or of this one."""
    now, database = datetime.now(UTC), parts.database
    first = once.begin(database, person, key, _digest(), now=now)
    if first:
        again = Response(first.body, first.status, content_type="application/json")
        again.headers["Idempotent-Replayed"] = "true"
        return again
    try:
        response = do()
    except StoreUnavailable:
        # It may have been done.
        raise
    except Exception:
        once.abandon(database, person, key)
        raise
    answer = once.Answer(status=response.status_code, body=response.get_data())
    once.finish(database, person, key, answer)
    return response


def _digest() -> str:
    """What makes it the same request: method, path, query and body."""
    line = f"{request.method} {request.path}?".encode() + request.query_string
    return hashlib.sha256(line + b"\n" + request.get_data(cache=True)).hexdigest()
