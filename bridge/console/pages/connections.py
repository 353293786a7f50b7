"""Connections: limits, breaker, parking, what waits; check one without sending anything, resume it."""

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import to, twin
from bridge.console.pages import Place
from bridge.console.session import parts
from bridge.errors import UnknownName
from bridge.greenlets import off_the_loop
from bridge.services import connections
from bridge.services.connections import Seen

blueprint = Blueprint("connections", __name__)
PLACE = Place(
    label="Connections",
    path="connections",
    icon="connection",
    group="setup",
    order=20,
    count="parked",
)


@blueprint.get("/connections")
@needs("read")
def listed() -> str:
    """Every connection."""
    return render_template("connections.html", found=_all())


@blueprint.get("/connections.json")
@needs("read")
def listed_json() -> Response:
    """The same as JSON."""
    return twin({"data": [connections.as_row(one) for one in _all()]})


@blueprint.get("/connections/<path:name>.json")
@needs("read")
def show_json(name: str) -> Response:
    """One connection as JSON."""
    return twin(connections.as_row(_one(name)))


@blueprint.get("/connections/<path:name>")
@needs("read")
def show(name: str) -> str:
    """One connection."""
    return render_template("connection.html", one=_one(name))


@blueprint.post("/connections/<path:name>/check")
@needs("operate")
def check(name: str) -> Response:
    """Tries name, network policy, TCP and TLS. Sends nothing."""
    kept = parts()
    rules = kept.rules.current()
    try:
        well, said = off_the_loop(lambda: connections.check(rules, kept.settings, name))
    except UnknownName as error:
        well, said = False, str(error)
    flash(f"{said}; nothing was sent", "message" if well else "error")
    return redirect(to("connections", name), 303)


def _all() -> list[Seen]:
    kept, now = parts(), datetime.now(UTC)
    rules = kept.rules.current()
    return off_the_loop(lambda: connections.listed(kept.database, rules, now))


def _one(name: str) -> Seen:
    found = next((one for one in _all() if one.name == name), None)
    return found or abort(404)
