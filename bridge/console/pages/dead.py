"""Dead letters by cause, and held deliveries as decisions: how many, since when, and what to do."""

from datetime import UTC, datetime

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import twin
from bridge.console.pages import Place
from bridge.console.session import parts
from bridge.greenlets import off_the_loop
from bridge.services import causes
from bridge.services.causes import Causes
from bridge.state import State

blueprint = Blueprint("dead", __name__)
PLACE = Place(label="Dead letters", path="dead", icon="dead", order=25, count="dead")


@blueprint.get("/dead")
@needs("read")
def listed() -> str:
    """One row per cause."""
    state = _state()
    return render_template("dead.html", found=_found(state), state=state)


@blueprint.get("/dead.json")
@needs("read")
def listed_json() -> Response:
    """The same as JSON."""
    found = _found(_state())
    rows = [causes.as_row(cause) for cause in found.causes]
    return twin({"data": rows, "total": found.total, "complete": found.complete})


def _state() -> State:
    return State.HELD if request.args.get("state") == "held" else State.DEAD


def _found(state: State) -> Causes:
    kept = parts()
    now = datetime.now(UTC)
    return off_the_loop(lambda: causes.listed(kept.database, state, now))
