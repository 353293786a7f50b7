"""Sources: the hook URL with a signed request to try, what proves the sender, refusals, rhythm."""

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import to, twin
from bridge.console.pages import Place
from bridge.console.session import parts, who
from bridge.errors import BridgeError, UnknownName
from bridge.greenlets import off_the_loop
from bridge.services import sources
from bridge.services.sources import Seen

blueprint = Blueprint("sources", __name__)
PLACE = Place(label="Sources", path="sources", icon="source", group="setup", order=10)


@blueprint.get("/sources")
@needs("read")
def listed() -> str:
    """Every source."""
    return render_template("sources.html", found=_all())


@blueprint.get("/sources.json")
@needs("read")
def listed_json() -> Response:
    """The same as JSON."""
    return twin({"data": [sources.as_row(one) for one in _all()]})


@blueprint.get("/sources/<name>")
@needs("read")
def show(name: str) -> str:
    """One source."""
    lines, problem = _example(name) if who().may("operate") else ([], "")
    return render_template(
        "source.html", one=_one(name), example="\n".join(lines), problem=problem
    )


@blueprint.get("/sources/<name>.json")
@needs("read")
def show_json(name: str) -> Response:
    """The same as JSON."""
    return twin(sources.as_row(_one(name)))


@blueprint.post("/sources/<name>/test")
@needs("operate")
def test(name: str) -> Response:
    """Posts a recorded event, which the rules act on."""
    kept = parts()
    _one(name)
    try:
        source = sources.declared(kept.rules.current(), name)
        answer = sources.send_test(source, kept.settings, datetime.now(UTC))
    except BridgeError as error:
        flash(f"Nothing was sent: {error}", "error")
    else:
        well = 200 <= answer.status <= 299
        said = f"The bridge answered {answer.status}: {answer.body[:300]}"
        flash(said, "message" if well else "error")
    return redirect(to("sources", name), 303)


def _all() -> list[Seen]:
    kept, now = parts(), datetime.now(UTC)
    rules = kept.rules.current()
    return off_the_loop(
        lambda: sources.listed(kept.database, rules, kept.settings, now)
    )


def _one(name: str) -> Seen:
    kept, now = parts(), datetime.now(UTC)
    rules = kept.rules.current()
    try:
        return off_the_loop(
            lambda: sources.named(kept.database, rules, kept.settings, name, now)
        )
    except UnknownName:
        abort(404)


def _example(name: str) -> tuple[list[str], str]:
    """A signed request, or why there is none."""
    kept = parts()
    try:
        source = sources.declared(kept.rules.current(), name)
        return sources.example(source, kept.settings, datetime.now(UTC)), ""
    except BridgeError as error:
        return [], str(error)
