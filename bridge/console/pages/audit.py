"""Audit: what people did, newest first: who, when, to what, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import twin
from bridge.console.pages import Place
from bridge.console.session import parts
from bridge.store import audit

blueprint = Blueprint("audit", __name__)
PLACE = Place(label="Audit", path="audit", icon="audit", group="setup", order=50)
_AT_ONCE = 50


@blueprint.get("/audit")
@needs("read")
def listed() -> str:
    """The list."""
    rows, more = _rows()
    person, action = request.args.get("person", ""), request.args.get("action", "")
    told = [("--person", person), ("--action", action)]
    return render_template(
        "audit.html",
        rows=rows,
        before=rows[-1]["id"] if more else "",
        first=not request.args.get("before"),
        person_asked=person,
        action_asked=action,
        command=["audit", *(word for pair in told if pair[1] for word in pair)],
    )


@blueprint.get("/audit.json")
@needs("read")
def listed_json() -> Response:
    """The same as JSON."""
    rows, more = _rows()
    return twin({"data": rows, "next": str(rows[-1]["id"]) if more else None})


def _rows() -> tuple[Sequence[Mapping[str, Any]], bool]:
    """A page of acts, and whether there are older ones."""
    kept = parts()
    before = request.args.get("before", "")
    with kept.database.read() as tx:
        rows = audit.newest(
            tx,
            limit=_AT_ONCE + 1,
            person=request.args.get("person", ""),
            action=request.args.get("action", ""),
            before=int(before) if _is_number(before) else 0,
        )
    return rows[:_AT_ONCE], len(rows) > _AT_ONCE


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
