"""Any HTTP API: takes every method and path without a credential and remembers the last body of each path."""

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from bridge.sandbox.state import current

NAME = "http"
BLUEPRINT = Blueprint(NAME, __name__, url_prefix=f"/{NAME}")

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@BLUEPRINT.route("/", defaults={"path": ""}, methods=_METHODS)
@BLUEPRINT.route("/<path:path>", methods=_METHODS)
def anything(path: str) -> ResponseReturnValue:
    if request.method != "GET":
        body = request.get_data().decode("utf-8", errors="replace")
        values = {"method": request.method, "body": body}
        current().put(NAME, f"/{path}", values)
        g.applied = True
    return {"received": request.method, "path": f"/{path}"}
