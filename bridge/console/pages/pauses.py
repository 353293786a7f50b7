"""Pauses: everything that holds deliveries back, with its reason; pause and resume."""

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import to, twin
from bridge.console.pages import Place
from bridge.console.session import parts, who
from bridge.services import pausing, steer
from bridge.store.pauses import COLUMNS, Scope

blueprint = Blueprint("pauses", __name__)
PLACE = Place(
    label="Pauses", path="pauses", icon="pause", group="steer", order=40, count="paused"
)


@blueprint.get("/pauses")
@needs("read")
def listed() -> str:
    """What is paused, parked or failing."""
    return _page()


@blueprint.get("/pauses.json")
@needs("read")
def listed_json() -> Response:
    """The same as JSON."""
    stopped = pausing.listed(parts().database)
    return twin(
        {
            "data": [
                {
                    name: getattr(one, name)
                    for name in ("what", "kind", "since", "by", "reason", "resume")
                }
                for one in stopped
            ]
        }
    )


@blueprint.post("/pauses")
@needs("operate")
def pause() -> Response | str | tuple[str, int]:
    """Pauses what the form names."""
    scope = _scope()
    if not scope.as_mapping() and request.form.get("all") != "yes":
        return _page("Fill in what to pause, or choose everything."), 422
    rules = parts().rules.current()
    try:
        pausing.check(parts().database, scope, rules)
    except pausing.NoSuchName as error:
        return _page(str(error)), 422
    by = who().by(request.form.get("reason", ""))
    new = pausing.pause(parts().database, scope, by, rules)
    flash(f"{scope} {'is paused' if new else 'was already paused'}")
    return redirect(to("pauses"), 303)


@blueprint.post("/pauses/resume")
@needs("operate")
def resume() -> Response:
    """Resumes what was paused, or a connection."""
    by = who().by(request.form.get("reason", ""))
    name = request.form.get("resume_connection", "")
    if name:
        done = steer.resume(parts().database, name, by)
    else:
        done = pausing.resume(parts().database, _scope(), by)
    what = f"connection {name}" if name else str(_scope())
    flash(
        f"{what} {'resumed' if done else 'is not stopped any longer: nothing was done'}"
    )
    return redirect(to("pauses"), 303)


def _page(mistake: str = "") -> str:
    return render_template(
        "pauses.html",
        stopped=pausing.listed(parts().database),
        mistake=mistake,
        form=request.form,
        columns=COLUMNS,
        rules=parts().rules.current(),
    )


def _scope() -> Scope:
    said = {name: request.form.get(name, "").strip() for name in COLUMNS}
    return Scope(**{name: value for name, value in said.items() if value})
