"""A pretend Getfly CRM: the values of support tickets, which a call replaces. Read off the vendor's page alone."""

from datetime import date
from itertools import count
from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from bridge.sandbox.state import current, json_object

NAME = "getfly"
BLUEPRINT = Blueprint(NAME, __name__, url_prefix=f"/{NAME}")

_FIELDS = {
    "ticket_title": str,
    "ticket_content": str,
    "account_email": str,
    "cate_name": str,
    "status_name": str,
    "expected_at": str,
    "custom_fields": dict,
    "emergency_phone": str,
}
_ids = count(1)


@BLUEPRINT.before_request
def check_key() -> ResponseReturnValue | None:
    if request.headers.get("X-API-KEY") != current().credentials[NAME]:
        return _error(401, "Unauthorized")
    return None


@BLUEPRINT.put("/api/v6.1/ticket")
def update_ticket() -> ResponseReturnValue:
    body = json_object()
    if problem := _problem(body):
        return _error(400, problem)
    code = body.get("ticket_code")
    if not isinstance(code, str) or not code:
        return _error(400, "ticket_code is required")
    ticket = current().find(NAME, code)
    if ticket is None:
        return _error(404, "Ticket to update not found")
    return _store(code, ticket.get("identity"), body, "Successfully updated")


@BLUEPRINT.post("/api/v6.1/ticket")
def create_ticket() -> ResponseReturnValue:
    body = json_object()
    if problem := _problem(body):
        return _error(400, problem)
    identity = next(_ids)
    return _store(f"SANDBOX{identity:04}", identity, body, "Successfully created")


@BLUEPRINT.get("/api/v6.1/ticket")
def get_ticket() -> ResponseReturnValue:
    code = request.args.get("ticket_code", "")
    ticket = current().find(NAME, code)
    if ticket is None:
        return _error(404, "Ticket not found")
    stored = {**ticket, "ticket_code": code}
    wanted = request.args.get("fields", "ticket_code").split(",")
    return {key: stored[key] for key in wanted if key in stored}


def _store(
    code: str, identity: int | None, body: dict[str, Any], message: str
) -> ResponseReturnValue:
    identity = identity or next(_ids)
    values = {**body, "identity": identity, "ticket_code": code}
    current().put(NAME, code, values)
    g.applied = True
    return {"message": message, "data": {"identity": identity, "ticket_code": code}}


def _problem(body: dict[str, Any]) -> str:
    """Why a body is refused with the page's 400: a field that is missing or of the wrong form."""
    given = [name for name in _FIELDS if name in body]
    if not given:
        return "Nothing to update"
    for name in given:
        if not isinstance(body[name], _FIELDS[name]):
            return f"Invalid {name}"
    try:
        date.fromisoformat(body.get("expected_at", "2025-01-01"))
    except ValueError:
        return "Invalid expected_at"
    return ""


def _error(status: int, message: str) -> ResponseReturnValue:
    return {"message": message}, status
