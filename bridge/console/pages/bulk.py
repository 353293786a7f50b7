"""Bulk acts: the plan before anything happens, then its progress; pause, resume, cancel."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import to, twin
from bridge.console.mistakes import page
from bridge.console.pages import Place
from bridge.console.session import parts, who
from bridge.errors import BridgeError
from bridge.greenlets import off_the_loop
from bridge.services import bulk
from bridge.services.bulk import Asked, Bulk
from bridge.services.bulk_looks import Looker
from bridge.store.audit import By

blueprint = Blueprint("bulk", __name__)
PLACE = Place(label="Bulk acts", path="bulk", icon="bulk", group="steer", order=30)

Answer = Response | tuple[str, int]
# Items that the page lists, newest first.
LISTED = 100
# What the page offers as rates, items per second.
RATES = (1, 10, 50, 200)


@blueprint.get("/bulk")
@needs("read")
def listed() -> str:
    """The newest bulk acts, and a form for a new one."""
    before = request.args.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() else None
    found = bulk.listed(parts().database, before=number)
    return render_template("bulk_list.html", found=found, acts=bulk.ACTS)


@blueprint.get("/bulk.json")
@needs("read")
def listed_json() -> Response:
    """The same as JSON."""
    return twin({"data": [bulk.as_row(one) for one in bulk.listed(parts().database)]})


@blueprint.post("/bulk")
@needs("operate")
def plan() -> Answer:
    """Makes a plan. Nothing is done yet."""
    form = request.form
    act = next((one for one in bulk.ACTS if one == form.get("act")), None)
    if act is None:
        return _refused("Choose what to do: " + ", ".join(bulk.ACTS) + ".")
    asked = Asked(
        act=act,
        words=form.get("words", ""),
        current=form.get("current") == "yes",
        rule=form.get("rule", ""),
        newest={"yes": True, "no": False}.get(form.get("newest", "")),
        force=form.get("force") == "yes",
    )
    by, now = who().by(""), datetime.now(UTC)
    try:
        id = bulk.plan(parts().database, asked, _looker(), by, now)
    except BridgeError as error:
        return _refused(str(error))
    return redirect(to("bulk", id), 303)


@blueprint.get("/bulk/<int:id>")
@needs("read")
def show(id: int) -> Answer:
    """A plan, or how far it is."""
    try:
        return _page(id, "bulk.html"), 200
    except bulk.NoSuchBulk as error:
        return page(404, title="There is no such bulk act", text=str(error))


@blueprint.get("/bulk/<int:id>.json")
@needs("read")
def show_json(id: int) -> Answer:
    """The same as JSON."""
    try:
        found = bulk.shown(parts().database, id)
    except bulk.NoSuchBulk as error:
        return page(404, title="There is no such bulk act", text=str(error))
    preview = bulk.preview(parts().database, id)
    more = {"tickets": preview.tickets, "adds": preview.adds, "left": preview.left}
    return twin({**bulk.as_row(found), **more})


@blueprint.get("/bulk/<int:id>/progress")
@needs("read")
def progress(id: int) -> Answer:
    """The part of the page that changes; 204 if it did not."""
    found = bulk.shown(parts().database, id)
    if request.args.get("after") == mark(found):
        return Response(status=204)
    return _page(id, "parts/bulk.html"), 200


@blueprint.post("/bulk/<int:id>/start")
@needs("operate")
def start(id: int) -> Answer:
    """Lets the workers do it."""
    given = request.form.get("rate", "")
    rate = float(next((one for one in RATES if str(one) == given), bulk.RATE))

    def begin(number: int, by: By, now: datetime) -> Bulk:
        return bulk.start(parts().database, number, by, now, rate)

    return _changed(id, begin, "started")


@blueprint.post("/bulk/<int:id>/<any(pause, resume, cancel):what>")
@needs("operate")
def change(id: int, what: str) -> Answer:
    """Pauses, resumes or cancels."""
    do = {"pause": bulk.pause, "resume": bulk.resume, "cancel": bulk.cancel}[what]
    past = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}[what]
    database = parts().database
    return _changed(id, lambda number, by, now: do(database, number, by, now), past)


def mark(found: Bulk) -> str:
    """How it stands, as one word: a page polls with the one that it shows."""
    counts = "-".join(f"{name}{n}" for name, n in sorted(found.counts.items()))
    return f"{found.state}-{counts}"


def _changed(id: int, do: Callable[[int, By, datetime], Bulk], past: str) -> Answer:
    by = who().by(request.form.get("reason", ""))
    try:
        do(id, by, datetime.now(UTC))
        flash(f"Bulk act {id} {past}")
    except (bulk.NotNow, bulk.NoSuchBulk) as error:
        flash(f"Nothing was done: {error}", "error")
    return redirect(to("bulk", id), 303)


def _page(id: int, template: str) -> str:
    database = parts().database
    found = bulk.shown(database, id)
    preview = off_the_loop(lambda: bulk.preview(database, id, LISTED))
    failed = bulk.items(database, id, ("failed",), limit=20)
    return render_template(
        template,
        found=found,
        preview=preview,
        failed=failed,
        mark=mark(found),
        rates=RATES,
        rate=int(bulk.RATE),
    )


def _refused(text: str) -> Response:
    return page(422, title="There is nothing to plan", text=text)


def _looker() -> Looker:
    kept = parts()
    return Looker(
        rules=kept.rules.current(),
        environment=kept.settings.environment,
        max_rendered=kept.settings.max_rendered,
    )
