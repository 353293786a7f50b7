"""Home: does anyone need to act? And who has seen what."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import to, twin
from bridge.console.pages import Place
from bridge.console.session import parts, who
from bridge.errors import BridgeError
from bridge.greenlets import off_the_loop
from bridge.services import home, sources
from bridge.services.home import Home
from bridge.services.sources import Seen

blueprint = Blueprint("home", __name__)
PLACE = Place(label="Home", path="", icon="home", order=0)


@blueprint.get("/")
@needs("read")
def show() -> str:
    """The state of the bridge."""
    found = _look()
    return render_template("home.html", found=found, first=_first(found))


@blueprint.get("/home.json")
@needs("read")
def show_json() -> Response:
    """The same as JSON."""
    return twin(home.as_row(_look()))


@blueprint.get("/home/now")
@needs("read")
def now() -> str:
    """The part of the page that changes."""
    found = _look()
    return render_template("parts/home.html", found=found, first=_first(found))


@blueprint.post("/home/acknowledge")
@needs("operate")
def acknowledge() -> Response:
    """Says that somebody has seen an incident."""
    incident = request.form.get("incident", "")[:100]
    by = who().by(request.form.get("reason", ""))
    home.acknowledge(parts().database, incident, by, datetime.now(UTC))
    flash("Acknowledged. It counts until its cause is gone.")
    return redirect(to(), 303)


def _look() -> Home:
    kept = parts()
    return off_the_loop(lambda: home.look(kept, datetime.now(UTC)))


def _first(found: Home) -> tuple[Seen, str] | None:
    """The source to begin with and how to post to it, while nothing was received yet."""
    if not found.empty or not found.sources:
        return None
    seen, kept = found.sources[0], parts()
    if not who().may("operate"):
        return seen, ""
    try:
        source = sources.declared(kept.rules.current(), seen.name)
        lines = sources.example(source, kept.settings, datetime.now(UTC))
    except BridgeError:
        return seen, ""
    return seen, "\n".join(lines)
