"""Trying drafts of mapping files: with one sample, or over stored events."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from bridge.api.access import who
from bridge.api.fields import Anything, Moment, Text, Whole, page_of
from bridge.api.resource import Resource, parts
from bridge.services import backtest_report, backtest_runs, drafts, playground
from bridge.services.backtest_runs import Asked
from bridge.services.drafts import Draft
from bridge.services.samples import MOST, Sample

blueprint = Resource("drafts", "Drafts of mapping files: tried, and never sent.")

_RUN = {
    "id": 1,
    "state": "finished",
    "message": "",
    "person": "ana",
    "asked": {
        "words": "since:7d",
        "against": "stored",
        "sample": 5000,
        "file": "",
        "ruleset": "",
    },
    "started_at": "2026-11-30T08:00:00.000+00:00",
    "ended_at": "2026-11-30T08:01:00.000+00:00",
    "done": 4,
    "total": 4,
}


class DraftSchema(Schema):
    """A draft of one file, and a sample: an event, a test, or a payload of a source."""

    file = Text(load_default="", most=300)
    text = Text(load_default="", most=drafts.MOST)
    event = Text(load_default="", most=300)
    case = Text(load_default="")
    source = Text(load_default="", most=100)
    payload = Text(load_default="", most=MOST)


class PlayedSchema(Schema):
    """What came out: findings as `check --format json` has them, events as `try --json` has them."""

    usable = fields.Boolean(required=True)
    findings = fields.List(Anything(), required=True)
    events = fields.List(Anything(), required=True)
    patch = fields.List(Anything(), required=True)


class NewBacktestSchema(Schema):
    """Which rules, and which events."""

    file = Text(load_default="", most=300)
    text = Text(load_default="", most=drafts.MOST)
    ruleset = Text(load_default="", most=64)
    filter = Text(load_default="since:7d")
    against = Text(load_default="stored", most=10)
    sample = Whole(load_default=5_000, least=1, most=backtest_runs.MOST)


class BacktestRowSchema(Schema):
    """A run, and how far it is."""

    id = fields.Integer(required=True)
    state = fields.String(required=True)
    message = fields.String(required=True)
    person = fields.String(required=True)
    asked = Anything(required=True)
    started_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)


class BacktestSchema(BacktestRowSchema):
    """A run with its result, as `bridge backtest --format json` has it; null while it runs."""

    patch = fields.String(required=True)
    result = Anything(required=True, allow_none=True)


@blueprint.operation(
    "POST",
    "/playground",
    scope="operate",
    body=DraftSchema,
    given={"event": "1"},
    gives=PlayedSchema,
    example={"usable": True, "findings": [], "events": [], "patch": []},
)
def try_draft(body: dict[str, Any]) -> dict[str, Any]:
    """Try a draft with a sample. Nothing is sent or saved; personal data of a stored event is hidden."""
    made = parts()
    sample = Sample(
        event=body["event"],
        case=body["case"],
        source=body["source"],
        pasted=body["payload"],
    )
    played = playground.play(
        made.database,
        made.rules.current(),
        Draft(file=body["file"], text=body["text"]),
        sample,
        settings=made.settings,
        now=datetime.now(UTC),
    )
    return playground.as_json(played, Path(made.settings.mappings.name))


@blueprint.operation(
    "GET",
    "/backtests",
    scope="read",
    gives=page_of(BacktestRowSchema),
    example={"data": [_RUN], "next": None},
)
def list_backtests() -> dict[str, Any]:
    """List the newest backtests."""
    rows = backtest_runs.listed(parts().database, now=datetime.now(UTC))
    return {"data": rows, "next": None}


@blueprint.operation(
    "POST",
    "/backtests",
    scope="operate",
    status=201,
    body=NewBacktestSchema,
    given={"filter": "since:7d", "sample": 100},
    gives=BacktestSchema,
    example={**_RUN, "patch": "", "result": None},
    sends=True,
)
def start_backtest(body: dict[str, Any]) -> Any:
    """Start a backtest of a draft, of an earlier ruleset or of the rules in force; one runs at a time."""
    asked = Asked(
        draft=Draft(file=body["file"], text=body["text"]),
        ruleset=body["ruleset"],
        words=body["filter"],
        against=body["against"],
        sample=body["sample"],
    )
    now = datetime.now(UTC)
    id = backtest_runs.start(parts(), asked, who().name, now=now)
    return backtest_runs.shown(parts().database, id, now=now)


@blueprint.operation(
    "GET",
    "/backtests/<int:id>",
    scope="read",
    gives=BacktestSchema,
    parameters={"id": 1},
    example={**_RUN, "patch": "", "result": None},
)
def show_backtest(id: int) -> Any:
    """Show one backtest, its progress and its result."""
    return backtest_runs.shown(parts().database, id, now=datetime.now(UTC))


@blueprint.operation(
    "GET",
    "/backtests/<int:id>/markdown",
    scope="read",
    gives="text/markdown",
    parameters={"id": 1},
    example="**Backtest:** 4 events: nothing changed",
)
def export_backtest(id: int) -> Response:
    """Show a result as Markdown, for a pull request; empty while there is none."""
    row = backtest_runs.shown(parts().database, id, now=datetime.now(UTC))
    lines = backtest_report.markdown(row["result"]) if row["result"] else ()
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, content_type="text/markdown; charset=utf-8")


@blueprint.operation(
    "POST",
    "/backtests/<int:id>/cancel",
    scope="operate",
    gives=BacktestSchema,
    parameters={"id": 1},
    example={**_RUN, "patch": "", "result": None},
    sends=True,
)
def cancel_backtest(id: int) -> Any:
    """End a backtest that is under way."""
    now = datetime.now(UTC)
    backtest_runs.cancel(parts().database, id, now=now)
    return backtest_runs.shown(parts().database, id, now=now)
