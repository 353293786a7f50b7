"""Pretend vendors with a memory, over real HTTP: for the demo, for tests, and for trying mapping files out.

Each vendor is one module with a BLUEPRINT, mounted under its name, that behaves as the vendor's own page says. It is an
independent reading of those pages: nothing is shared with bridge.vendors, so that a misreading there shows here. Faults
can be ordered for the next calls. Knows bridge.model and nothing else of the bridge; never use it for real data.
"""

import pkgutil
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib import import_module

from flask import Blueprint, Flask, Response, g, request

from bridge.sandbox.state import Fault, Recorded, State, current

__all__ = ["DEFAULT_CREDENTIALS", "Fault", "Recorded", "create_sandbox"]

# Not secrets: the sandbox takes them from anyone, and /http takes no credential at all.
DEFAULT_CREDENTIALS = {
    "vambe": "sandbox-vambe-key",
    "kapture": "sandbox-kapture-token",
    "getfly": "sandbox-getfly-key",
    "tolky": "sandbox-tolky-token",
}

_LOGIN_PAGE = "<!doctype html><title>Sign in</title><form><input name=user></form>"


def create_sandbox(
    credentials: Mapping[str, str] | None = None,
    known: Mapping[str, Iterable[str]] | None = None,
    told: Callable[[Recorded], None] | None = None,
) -> Flask:
    """An app with all pretend vendors. `known` limits a vendor to these tickets; else each is made at first sight.

    `told` is called with each call once it was answered, from the thread that answers it.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 8 * 1024 * 1024
    app.json.sort_keys = False  # type: ignore[attr-defined]
    accepted = {**DEFAULT_CREDENTIALS, **(credentials or {})}
    app.extensions["sandbox"] = State(accepted, known or {}, told)
    app.before_request(_before)
    app.after_request(_after)
    for blueprint in _blueprints():
        app.register_blueprint(blueprint)
    return app


def _blueprints() -> list[Blueprint]:
    blueprints = []
    for info in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        if blueprint := getattr(module, "BLUEPRINT", None):
            blueprints.append(blueprint)
    return blueprints


def _before() -> Response | None:
    """Apply an ordered fault; a response made here keeps the vendor from seeing the call."""
    g.vendor, g.body, g.applied, g.drop = _vendor(), b"", False, False
    g.instead = None
    # All of it, so that the connection stays usable whatever is answered.
    g.body = request.get_data()
    if not g.vendor:
        return None
    fault = current().take(g.vendor, request.path)
    if fault is None:
        return None
    time.sleep(fault.delay)
    g.drop = bool(fault.drop)
    if fault.drop == "before":
        return Response(status=503)
    if fault.garbage:
        return Response(_LOGIN_PAGE, mimetype="text/html")
    if fault.after:
        g.instead = _ordered(fault)
    elif fault.status is not None:
        return _ordered(fault)
    return None


def _ordered(fault: Fault) -> Response:
    return Response(fault.body, fault.status, headers=dict(fault.headers))


def _after(response: Response) -> Response:
    """Record the call; answer otherwise or close the socket where the fault says so."""
    response = g.instead or response
    if g.vendor:
        current().record(_recorded(None if g.drop else response))
    if g.drop:
        connection: socket.socket = request.environ["werkzeug.socket"]
        connection.shutdown(socket.SHUT_RDWR)
    return response


def _recorded(answer: Response | None) -> Recorded:
    target = request.environ.get("REQUEST_URI", request.full_path)
    return Recorded(
        vendor=g.vendor,
        method=request.method,
        path=target.removeprefix(f"/{g.vendor}"),
        headers=tuple(request.headers.items()),
        body=g.body,
        status=answer.status_code if answer else None,
        applied=g.applied,
        when=datetime.now(UTC),
        answer=answer.get_data() if answer else b"",
    )


def _vendor() -> str:
    """The vendor whose mount point the path is below, "" for the sandbox's own pages."""
    name = request.path.split("/")[1]
    return "" if name in ("", "_sandbox") else name
