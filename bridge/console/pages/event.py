"""An event: why it led to what it led to, its payload, its deliveries, and what can be done about it."""

from datetime import UTC, datetime
from typing import Any

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
from bridge.console import reveals, words
from bridge.console.frame import to, twin
from bridge.console.session import parts, who
from bridge.errors import BridgeError
from bridge.greenlets import off_the_loop
from bridge.services import payloads, recording, rerouting
from bridge.services.rerouting import Plan, Rerouter, told
from bridge.services.trace import trace
from bridge.services.trace_json import SIGNS, markdown, trace_object
from bridge.services.trace_values import Trace
from bridge.services.veiling import veiled
from bridge.store import events
from bridge.store.events import StoredEvent
from bridge.strict import json
from bridge.worker.asking import Asker

blueprint = Blueprint("event", __name__)
# Characters of a value in a line of a trace.
_SHOWN = 200


@blueprint.app_template_filter("shown")
def shown(value: Any) -> str:
    """A value as JSON on one line, cut if it is long."""
    text = json.dumps(words.plain(value)).decode()
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text


@blueprint.get("/events/<int:id>")
@needs("read")
def show(id: int) -> str:
    """The page; personal data is hidden."""
    return _page(id)


@blueprint.post("/events/<int:id>")
@needs("reveal")
def reveal(id: int) -> str | tuple[str, int]:
    """The page with personal data. It is the answer to a form, so that no address leads to it."""
    _stored(id)
    if not reveals.allowed({"events": [id]}):
        return _page(id), 422
    return _page(id, revealed=True)


@blueprint.get("/events/<int:id>.json")
@needs("read")
def as_json(id: int) -> Response:
    """The trace as JSON."""
    return twin(trace_object(_trace(id)))


@blueprint.get("/events/<int:id>/share.md")
@needs("read")
def share(id: int) -> Response:
    """The trace as Markdown, without personal data."""
    return _download(markdown(_trace(id)).encode(), f"event-{id}.md")


@blueprint.get("/events/<int:id>/raw")
@needs("read")
def raw(id: int) -> Response:
    """The request as text, without personal data."""
    try:
        content = off_the_loop(lambda: payloads.raw(_stored(id)))
    except BridgeError as error:
        abort(404, str(error))
    return _download(content, f"event-{id}.http")


@blueprint.get("/events/<int:id>/again")
@needs("operate")
def plan_again(id: int) -> str:
    """What the current rules would add."""
    _stored(id)
    force, rule = request.args.get("force") == "yes", request.args.get("rule", "")
    found = off_the_loop(lambda: _router(rule, force=force).plan(id))
    return render_template(
        "event_again.html",
        id=id,
        plan=found,
        calls=[(call, veiled(dict(call.fields))) for call in found.new],
        told=_told(found),
        force=force,
        rule=rule,
    )


@blueprint.post("/events/<int:id>/again")
@needs("operate")
def run_again(id: int) -> Response:
    """Routes the event with the current rules, if the plan is still the one that was shown."""
    router = _router(
        request.form.get("rule", ""), force=request.form.get("force") == "yes"
    )
    found = off_the_loop(lambda: router.plan(id))
    if _told(found) != request.form.get("seen", ""):
        flash("Nothing was done: the plan changed meanwhile, look again.", "error")
        return redirect(to("events", id, "again"), 303)
    done = router.send(found, who().by(request.form.get("reason", "")))
    flash(done.message, "message" if done.ok else "error")
    return redirect(to("events", id), 303)


@blueprint.get("/events/<int:id>/test")
@needs("read")
def as_test(id: int) -> str:
    """The event as a recorded payload with a test."""
    stored = _stored(id)
    return render_template(
        "event_test.html", id=id, test=off_the_loop(lambda: _test(stored))
    )


def _test(stored: StoredEvent) -> dict[str, str]:
    path = recording.file_name(stored)
    try:
        recorded = recording.recorded(stored, mask=True)
        rules = parts().rules.current()
        case = recording.case(rules, stored.source, recorded, path)
    except (BridgeError, KeyError) as error:
        return {"path": path, "case": "", "problem": str(error)}
    return {"path": path, "case": case, "problem": ""}


def _page(id: int, *, revealed: bool = False) -> str:
    stored = _stored(id)
    kept = parts()
    rules, environment = kept.rules.current(), kept.settings.environment
    found = _trace(id, revealed=revealed)
    content = off_the_loop(
        lambda: payloads.payload(stored, rules, environment, revealed=revealed)
    )
    chosen = "now" if request.args.get("rules") == "now" else "then"
    return render_template(
        "event.html",
        trace=found,
        chosen=chosen,
        lines=found.now if chosen == "now" else found.then,
        payload=content,
        revealed=revealed,
        signs=SIGNS,
    )


def _trace(id: int, *, revealed: bool = False) -> Trace:
    kept, now = parts(), datetime.now(UTC)
    active = kept.rules.current()
    found = off_the_loop(
        lambda: trace(
            kept.database,
            id,
            active=active,
            settings=kept.settings,
            now=now,
            revealed=revealed,
        )
    )
    return found or abort(404)


def _stored(id: int) -> StoredEvent:
    with parts().database.read() as tx:
        return events.load(tx, id) or abort(404)


def _router(rule: str, *, force: bool) -> Rerouter:
    kept = parts()
    asker = Asker(kept.settings.environment, kept.settings.max_rendered)
    rules = kept.rules.current()
    return Rerouter(kept.database, rules, asker, rule=rule, force=force, named=True)


def _told(plan: Plan) -> str:
    """A plan in a sentence."""
    adds = plan.said or plan.looks_up
    return told(plan) if adds else rerouting.unchanged(plan).message


def _download(content: bytes, name: str) -> Response:
    answer = Response(content, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
