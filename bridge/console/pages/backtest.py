"""Backtests: what other rules would have changed over stored events; started here, run beside, with their results."""

from datetime import UTC, datetime
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response as Answer

from bridge.admin.scopes import needs
from bridge.console.frame import to, twin
from bridge.console.pages import Place
from bridge.console.session import parts, who
from bridge.services import backtest_report, backtest_runs, ruleset_versions
from bridge.services.backtest_runs import Asked, NoSuchRun, NotNow
from bridge.services.drafts import BadDraft, Draft
from bridge.services.filters import BadFilter
from bridge.services.ruleset_versions import UnknownRuleset

blueprint = Blueprint("backtest", __name__)
PLACE = Place(
    label="Backtest", path="backtest", icon="history", group="steer", order=20
)


@blueprint.get("/backtest")
@needs("read")
def listed() -> str:
    """The form, and the newest runs."""
    return _page(Draft(), {}, "")


@blueprint.get("/backtest.json")
@needs("read")
def listed_json() -> Answer:
    """The runs as JSON."""
    rows = backtest_runs.listed(parts().database, now=datetime.now(UTC))
    return twin({"data": [{**row} for row in rows]})


@blueprint.post("/backtest/draft")
@needs("operate")
def draft() -> str:
    """The form with a draft of the playground in it."""
    return _page(_draft(), {}, "")


@blueprint.post("/backtest")
@needs("operate")
def start() -> Answer | tuple[str, int]:
    """Starts a run."""
    form = request.form
    asked = Asked(
        draft=_draft(),
        ruleset=form.get("ruleset", ""),
        words=form.get("q", ""),
        against=form.get("against", "stored"),
        sample=_number(form.get("sample", "")),
    )
    person, now = who(), datetime.now(UTC)
    try:
        id = backtest_runs.start(parts(), asked, person.name, now=now)
    except (BadDraft, BadFilter, NotNow, UnknownRuleset) as error:
        return _page(asked.draft, form, str(error)), 422
    return redirect(to("backtest", id), 303)


@blueprint.get("/backtest/<int:id>")
@needs("read")
def show(id: int) -> str:
    """One run: its progress, or its result."""
    row = _run(id)
    return render_template("backtest_run.html", run=row, **_result(row))


@blueprint.get("/backtest/<int:id>.json")
@needs("read")
def show_json(id: int) -> Answer:
    """The same as JSON."""
    row = _run(id)
    return twin({**row})


@blueprint.get("/backtest/<int:id>/progress")
@needs("read")
def progress(id: int) -> Response | str:
    """How far a run is; when it is over, the page is loaded again."""
    row = _run(id)
    if row["state"] != "running":
        return Response(status=204, headers={"HX-Refresh": "true"})
    return render_template("parts/backtest_progress.html", run=row)


@blueprint.get("/backtest/<int:id>.md")
@needs("read")
def markdown(id: int) -> Response:
    """The result for a pull request."""
    row = _run(id)
    lines = backtest_report.markdown(row["result"]) if row["result"] else ()
    name = f"attachment; filename=backtest-{id}.md"
    text = "".join(f"{line}\n" for line in lines)
    answer = Response(text, content_type="text/markdown; charset=utf-8")
    answer.headers["Content-Disposition"] = name
    return answer


@blueprint.post("/backtest/<int:id>/cancel")
@needs("operate")
def cancel(id: int) -> Answer:
    """Ends a run."""
    _run(id)
    backtest_runs.cancel(parts().database, id, now=datetime.now(UTC))
    flash("The backtest is cancelled")
    return redirect(to("backtest", id), 303)


def _page(draft: Draft, form: Any, mistake: str) -> str:
    database = parts().database
    return render_template(
        "backtest.html",
        draft=draft,
        form=form,
        mistake=mistake,
        runs=backtest_runs.listed(database, now=datetime.now(UTC)),
        versions=ruleset_versions.versions(database, 20),
        most=backtest_runs.MOST,
    )


def _run(id: int) -> Any:
    try:
        return backtest_runs.shown(parts().database, id, now=datetime.now(UTC))
    except NoSuchRun:
        abort(404)


def _result(row: Any) -> dict[str, Any]:
    """The result in words, if there is one."""
    found = row["result"]
    if not found:
        return {"headline": "", "coverage": []}
    coverage = [*backtest_report.coverage(found)]
    return {"headline": backtest_report.headline(found), "coverage": coverage}


def _draft() -> Draft:
    file = request.form.get("new_file", "").strip() or request.form.get("file", "")
    return Draft(file=file, text=request.form.get("text", ""))


def _number(text: str) -> int:
    whole = text.isascii() and text.isdecimal() and len(text) < 9
    return int(text) if whole else backtest_runs.MOST
