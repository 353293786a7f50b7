"""A pretend Tolky: fields of tickets first, then the move, with an event for each. A reason adds a "Motivo" event.

The steps "update" and "move" can be made to fail by a fault, as the page documents: a failed move leaves the update
done. Read off the vendor's page alone; getTickets has another page, and answers in the form of this one.
"""

from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from bridge.sandbox.state import Ticket, current, json_object

NAME = "tolky"
BLUEPRINT = Blueprint(NAME, __name__, url_prefix=f"/{NAME}")

_UPDATE = (
    "subject",
    "description",
    "definitionOfDone",
    "status",
    "importance",
    "assignedUser",
    "closed",
)
_ASKED = ("ticketId", "leadId", "conversationId")  # the first that is given counts
_FIRST_LEVEL = "Novo"


@BLUEPRINT.before_request
def check_token() -> ResponseReturnValue | None:
    expected = f"Bearer {current().credentials[NAME]}"
    if request.headers.get("Authorization") != expected:
        return _error(403, "Invalid credentials", "Credenciais inválidas")
    return None


@BLUEPRINT.post("/api/externalAPIs/public/tickets/updateTicket")
def update_ticket() -> ResponseReturnValue:
    body = json_object()
    ticket = body.get("ticketId")
    if not isinstance(ticket, str) or not ticket:
        return _error(400, "MissingTicketId", "Ticket ID não fornecido")
    fields = {name: body[name] for name in _UPDATE if name in body}
    if not fields and "newLevel" not in body:
        return _error(400, "NoOperationSpecified", "Nenhuma operação especificada")
    before = current().find(NAME, ticket)
    if before is None:
        return _error(404, "TicketNotFound", "Ticket não encontrado")
    if fields and _fails("update"):
        return _error(500, "UpdateTicketError", "Erro na atualização")
    if fields:
        _update(ticket, fields)
    if "newLevel" in body and _fails("move"):
        return _error(500, "MoveTicketError", "Erro na movimentação")
    if "newLevel" in body:
        _move(ticket, body)
    return _done(ticket, before, fields, body)


@BLUEPRINT.post("/api/externalAPIs/public/tickets/getTickets")
def get_tickets() -> ResponseReturnValue:
    """The ticket that is asked for; of a lead or a conversation those that were said to be of it."""
    body = json_object()
    key = next((one for one in _ASKED if isinstance(body.get(one), str)), "")
    if not key:
        return _error(400, "MissingTicketId", "Ticket ID não fornecido")
    if key != "ticketId":
        tickets = current().tickets(NAME).items()
        told = [_told(one, it) for one, it in tickets if it.get(key) == body[key]]
        return {"success": True, "data": told}
    ticket = current().find(NAME, body[key])
    if ticket is None:
        return _error(404, "TicketNotFound", "Ticket não encontrado")
    return {"success": True, "data": [_told(body[key], ticket)]}


def _told(id: str, ticket: Ticket) -> Ticket:
    return {"id": id, "level": _FIRST_LEVEL, **ticket}


def _update(ticket: str, fields: dict[str, Any]) -> None:
    current().put(NAME, ticket, fields)
    current().add(NAME, ticket, "events", f"info: {', '.join(fields)}")
    g.applied = True


def _move(ticket: str, body: dict[str, Any]) -> None:
    current().put(NAME, ticket, {"level": body["newLevel"]})
    current().add(NAME, ticket, "events", f"status: {body['newLevel']}")
    if "reason" in body:
        current().add(NAME, ticket, "events", f"Motivo: {body['reason']}")
    g.applied = True


def _done(
    ticket: str, before: Ticket, fields: dict[str, Any], body: dict[str, Any]
) -> ResponseReturnValue:
    """The page's success answer; after a move, updateResult still shows the stage from before it."""
    moved = "newLevel" in body
    after = current().tickets(NAME)[ticket]
    data: dict[str, Any] = {
        "ticketId": ticket,
        "operationsPerformed": {"updated": bool(fields), "moved": moved},
        "finalTicketState": after,
    }
    if fields:
        status = {"name": before.get("level", _FIRST_LEVEL), "isClosed": False}
        data["updateResult"] = {"id": ticket, **fields, "status": status}
    if moved:
        previous = {"name": before.get("level", _FIRST_LEVEL)}
        level = {"name": after["level"]}
        data["moveResult"] = {
            "data": {"ticketId": ticket, "previousLevel": previous, "newLevel": level}
        }
    words = [word for word, is_so in (("updated", fields), ("moved", moved)) if is_so]
    message = f"Ticket {' and '.join(words)} successfully"
    return {"success": True, "message": message, "data": data}


def _fails(step: str) -> bool:
    return current().take(NAME, request.path, step) is not None


def _error(status: int, error: str, message: str) -> ResponseReturnValue:
    return {"success": False, "error": error, "message": message}, status
