"""A delivery: what it is waiting for, each attempt with its answer, and the acts that are possible."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console import reveals
from bridge.console.frame import to, twin
from bridge.console.session import parts, who
from bridge.greenlets import off_the_loop
from bridge.services import acting, inspecting
from bridge.services.inspecting import Attempt, Inspected
from bridge.services.replay_plans import Plan
from bridge.services.veiling import veiled

blueprint = Blueprint("delivery", __name__)

# Units of the picture of attempts.
_WIDTH, _LEFT, _RIGHT = 720, 30, 690


class Dot(NamedTuple):
    """An attempt in the picture: where it stands, how it looks, and the time before it."""

    x: float
    kind: str
    number: int
    waited: Any


@blueprint.get("/deliveries/<int:id>")
@needs("read")
def show(id: int) -> str:
    """The page; personal data is hidden."""
    return _page(id)


@blueprint.get("/deliveries/<int:id>.json")
@needs("read")
def as_json(id: int) -> Response:
    """The same as JSON."""
    return twin(asdict(_inspected(id)))


@blueprint.post("/deliveries/<int:id>/reveal")
@needs("reveal")
def reveal(id: int) -> str | tuple[str, int]:
    """The page with personal data. It is the answer to a form, so that no address leads to it."""
    _inspected(id)
    if not reveals.allowed({"deliveries": [id]}):
        return _page(id), 422
    return _page(id, revealed=True)


@blueprint.get("/deliveries/<int:id>/replay")
@needs("operate")
def plan_replay(id: int) -> str:
    """What a replay would send, with the current rules or as it was."""
    found = _inspected(id)
    current = request.args.get("rules") == "current"
    force = request.args.get("force") == "yes"
    plan = off_the_loop(lambda: _planned(id, current=current, force=force))
    changes = [
        (
            one.name,
            veiled(_plain(one.before), one.name),
            veiled(_plain(one.after), one.name),
        )
        for one in plan.changes
    ]
    return render_template(
        "delivery_replay.html",
        found=found,
        plan=plan,
        changes=changes,
        current=current,
        force=force,
    )


@blueprint.post("/deliveries/<int:id>/<name>")
@needs("operate")
def act(id: int, name: str) -> Response:
    """Does what the button says, unless the delivery changed since the page was made."""
    if name not in acting.NAMES:
        abort(404)
    kept, form = parts(), request.form
    done = acting.act(
        kept.database,
        id,
        name,
        seen=form.get("seen", "?"),
        rules=kept.rules.current(),
        settings=kept.settings,
        by=who().by(form.get("reason", "")),
        current=form.get("rules") == "current",
        force=form.get("force") == "yes",
    )
    flash(done.message, "message" if done.ok else "error")
    return redirect(to("deliveries", id), 303)


def _page(id: int, *, revealed: bool = False) -> str:
    found = _inspected(id, revealed=revealed)
    return render_template(
        "delivery.html",
        found=found,
        dots=_dots(found.attempts),
        revealed=revealed,
    )


def _inspected(id: int, *, revealed: bool = False) -> Inspected:
    database, now = parts().database, datetime.now(UTC)
    found = off_the_loop(
        lambda: inspecting.inspect(database, id, now=now, revealed=revealed)
    )
    return found or abort(404)


def _planned(id: int, *, current: bool, force: bool) -> Plan:
    kept = parts()
    replayer = acting.replayer_of(
        kept.database,
        rules=kept.rules.current(),
        settings=kept.settings,
        current=current,
        force=force,
    )
    return replayer.plan(id)


def _plain(value: object) -> Any:
    return value


def _dots(attempts: Sequence[Attempt]) -> list[Dot]:
    """The attempts from left to right, by their number: gaps of seconds and of hours fit into one picture."""
    kinds = {"delivered": "ok", "failed": "bad", "park": "bad", "unknown": "warn"}
    step = (_RIGHT - _LEFT) / max(len(attempts) - 1, 1)
    return [
        Dot(
            round(_LEFT + step * place, 1),
            kinds.get(one.verdict, "warn"),
            one.number,
            one.waited,
        )
        for place, one in enumerate(attempts)
    ]
