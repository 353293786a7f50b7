"""A pretend Vambe: amounts and metadata of tickets, customers. A contact's ticket is remembered under the contact.

A ticket with `price_source` true needs a currency, a ticket with `closed` true is not a contact's active one; set
either through the control API. Read off the vendor's page alone.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from bridge.sandbox.state import current, json_object

NAME = "vambe"
BLUEPRINT = Blueprint(NAME, __name__, url_prefix=f"/{NAME}")

_IDENTIFIERS = ("ticket_id", "ai_contact_id", "contact_number")
_NONE = "You must provide ticket_id, ai_contact_id, or contact_number"


@BLUEPRINT.before_request
def check_key() -> ResponseReturnValue | None:
    expected = current().credentials[NAME]
    if request.headers.get("x-api-key") != expected:
        return _error(401, "Unauthorized")
    return None


@BLUEPRINT.post("/api/public/ticket/amount")
def update_amount() -> ResponseReturnValue:
    body = json_object()
    if problem := _ticket_problem(body):
        return _error(400, problem)
    amount = body.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return _error(
            400, ["amount must be a number conforming to the specified constraints"]
        )
    ticket = _find(body)
    if ticket is None:
        return _not_found(body)
    if ticket.get("price_source") and not body.get("currency"):
        return _error(400, "currency is required")
    kept = ("amount", "currency")
    return _apply(body, {key: body[key] for key in body if key in kept})


@BLUEPRINT.post("/api/public/ticket/metadata")
def update_metadata() -> ResponseReturnValue:
    body = json_object()
    if problem := _ticket_problem(body):
        return _error(400, problem)
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or not all(
        isinstance(value, str) for value in metadata.values()
    ):
        return _error(400, ["metadata must be an object of strings"])
    ticket = _find(body)
    if ticket is None:
        return _not_found(body)
    return _apply(body, {"metadata": {**ticket.get("metadata", {}), **metadata}})


@BLUEPRINT.post("/api/public/customer/upsert/info")
def upsert_customer() -> ResponseReturnValue:
    body = json_object()
    if not body.get("contact_phone_number"):
        return _error(400, ["contact_phone_number must be a string"])
    customer = f"customer:{body['contact_phone_number']}"
    g.applied = True
    values = current().put(NAME, customer, body)
    return {"id": customer, **values}, 201


def _ticket_problem(body: dict[str, Any]) -> str | list[str]:
    """Why a body names no ticket, as the page's 400 does."""
    given = [name for name in _IDENTIFIERS if name in body]
    if len(given) != 1:
        return _NONE
    [name] = given
    if name != "contact_number" and not _is_uuid(body[name]):
        return [f"{name} must be a UUID"]
    if name == "contact_number" and not isinstance(body[name], str):
        return ["contact_number must be a string"]
    return ""


def _key(body: dict[str, Any]) -> str:
    """Where a ticket is remembered: under the identifier that was given."""
    return str(next(body[name] for name in _IDENTIFIERS if name in body))


def _find(body: dict[str, Any]) -> dict[str, Any] | None:
    ticket = current().find(NAME, _key(body))
    active = "ticket_id" in body or body.get("allow_closed_ticket") is True
    if ticket is not None and ticket.get("closed") and not active:
        return None
    return ticket


def _apply(body: dict[str, Any], values: dict[str, Any]) -> ResponseReturnValue:
    current().put(NAME, _key(body), values)
    g.applied = True
    return {"status": "ok"}


def _not_found(body: dict[str, Any]) -> ResponseReturnValue:
    by_ticket = "ticket_id" in body
    return _error(
        404, "Ticket not found" if by_ticket else "Active ticket not found for contact"
    )


def _error(status: int, message: Any) -> ResponseReturnValue:
    return {"statusCode": status, "message": message}, status


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False
