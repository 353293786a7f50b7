"""A pretend Kapture CX: sub-status and comments of tickets, new tickets, a search. Comments pile up on every call.

What it refuses comes with 200 and `status: failed`, except a bad token (401): the page gives those bodies no status of
their own. Read off the vendor's page alone; the search, which has another page, off what public clients make of it.
"""

from datetime import datetime
from itertools import count
from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from bridge.sandbox.state import current

NAME = "kapture"
BLUEPRINT = Blueprint(NAME, __name__, url_prefix=f"/{NAME}")

_FORMAT = "Invalid Format.callback_date should be yyyy-MM-dd hh:mm:ss."
_MISSING = "No Data found/ticket_id is missing"
_new_ids = count(713516551149)


@BLUEPRINT.before_request
def check_token() -> ResponseReturnValue | None:
    expected = f"Basic {current().credentials[NAME]}"
    if request.headers.get("Authorization") != expected:
        return _failed("Invalid Auth Key", 401)
    return None


@BLUEPRINT.post("/update-ticket-from-other-source.html/v.2.0")
def update_ticket() -> ResponseReturnValue:
    body = _one(request.get_json(force=True, silent=True))
    if body is None:
        return _failed("Bad Request", 400)
    ticket = body.get("ticket_id")
    if not isinstance(ticket, str) or not ticket:
        return _failed(_MISSING)
    if current().find(NAME, ticket) is None:
        return _failed(_MISSING)
    if not body.get("sub_status"):
        return _failed("ReqFieldMissing")
    if not _is_time(body.get("callback_time", "")):
        return _failed(_FORMAT)
    values = {key: value for key, value in body.items() if value and key != "comment"}
    stored = current().put(NAME, ticket, values)
    if body.get("comment"):
        current().add(NAME, ticket, "comments", body["comment"])
    g.applied = True
    return {
        "ticket": _shown(ticket, stored),
        "Additional_details": {},
        "message": "Status and Comment have been updated.\n",
        "status": "success",
    }


@BLUEPRINT.post("/add-ticket-from-other-source.html/v.2.0")
def add_ticket() -> ResponseReturnValue:
    body = _one(request.get_json(force=True, silent=True))
    if body is None:
        return _failed("Bad Request", 400)
    if not body.get("title"):
        return _failed("ReqFieldMissing")
    ticket = str(next(_new_ids))
    stored = current().put(NAME, ticket, body)
    g.applied = True
    return {
        "ticket_id": ticket,
        "ticket": _shown(ticket, stored),
        "Additional_details": {},
        "message": "Ticket created successfully.",
        "status": "success",
    }


@BLUEPRINT.post("/search-ticket-by-ticket-id.html/v.2.0")
def search_tickets() -> ResponseReturnValue:
    body = request.get_json(force=True, silent=True)
    ids = body.get("ticket_ids") if isinstance(body, dict) else None
    if not isinstance(ids, str) or not ids:
        return _failed("ReqFieldMissing")
    known = ((one, current().find(NAME, one)) for one in ids.split(","))
    told = [
        {"task_details": _shown(one, stored), "additional_info": {}}
        for one, stored in known
        if stored is not None
    ]
    return told or _failed(_MISSING)


def _one(body: Any) -> dict[str, Any] | None:
    """The one object of an array, or a bare one, which some tenants send."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    return body if isinstance(body, dict) else None


def _shown(ticket: str, stored: dict[str, Any]) -> dict[str, Any]:
    """The part of the sample answer that a client looks at."""
    return {
        "id": int(ticket) % 10**9 if ticket.isdecimal() else 0,
        "ticketId": ticket,
        "status": "P",
        "substatus": stored.get("sub_status", ""),
        "queueKey": stored.get("queue", ""),
        "taskTitle": stored.get("title", ""),
        "isCallBack": bool(stored.get("callback_time")),
    }


def _is_time(value: Any) -> bool:
    if value == "":
        return True
    try:
        return bool(datetime.strptime(value, "%Y-%m-%d %H:%M:%S"))
    except (TypeError, ValueError):
        return False


def _failed(message: str, status: int = 200) -> ResponseReturnValue:
    return {"message": message, "status": "failed"}, status
