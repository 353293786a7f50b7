"""Tolky (Brazil): the fields of a ticket and its stage, in one call or in two, and what tickets hold.

Tolky runs the update first and then the move, and answers for both. Where only the move failed, only the move is sent
again. 403 is its code for bad credentials. get_tickets is known without its answer: `success` is all that is read.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from marshmallow import Schema

from bridge.kinds import Flag, Text
from bridge.model import Call, Outcome, Reply
from bridge.vendors import answers
from bridge.vendors.auth import bearer
from bridge.vendors.base import Fields, Operation, Vendor, json_call, sends_json, sent
from bridge.vendors.fields import FreeNames, Part, Uuid, WholeNumber

_TICKETS = "/api/externalAPIs/public/tickets"
_PATH = f"{_TICKETS}/updateTicket"
_PARKS = (403,)


class Move(Schema):
    """The ticket, and what belongs to a move."""

    ticketId = Uuid(
        "Ticket", required=True, example="b8c9f8c4-0b6a-4b2a-8f8f-0c9d9e2f5a1a"
    )
    newLevel = Text(
        "Stage to move to",
        description="Its UUID, preferred, or its exact name.",
        example="Concluído",
    )
    reason = Text(
        "Reason of the move",
        description="Each move adds it to the ticket's history.",
        example="Entregue ao cliente",
    )
    conversationId = Uuid(
        "Conversation", example="0d2f6c51-6f1e-4a57-9a53-5a0b7f7c1e11"
    )
    isAutomaticMove = Flag("Automatic move", example=True)
    authUserId = Uuid("User who acts", example="d7b5d8a9-3f4c-4ed3-9c77-22f577d25f10")
    globalData = FreeNames("Context of the request", example={"origin": "bridge"})


class MoveStage(Move):
    newLevel = Text(
        "Stage to move to",
        description="Its UUID, preferred, or its exact name.",
        required=True,
        example="Concluído",
    )


class Status(Schema):
    label = Text("Name", example="Em Progresso")
    level = WholeNumber("Level", example=2)
    tickets_levels_id = Uuid(
        "Id of the level", example="3fb2a9f0-5aa3-4f6d-8d37-c2a0b1d7b9a2"
    )


class Importance(Schema):
    importance_level = WholeNumber(
        "Level", description="1 is low, 4 is urgent.", minimum=1, maximum=4, example=3
    )
    importance_label = Text("Name", example="Alta")


class AssignedUser(Schema):
    hostPeopleId = Uuid(
        "User", required=True, example="4a6b9f6e-0f2f-4e2b-9a77-98b0d64c4d11"
    )
    name = Text("Name, for the history", example="João Silva")


class Update(Schema):
    """What an update can set."""

    subject = Text("Subject", example="Orçamento aprovado")
    description = Text("Description", example="Cliente solicitou revisão do escopo")
    definitionOfDone = Text("Definition of done", example="Cliente confirmou")
    status = Part("Status", schema=Status, example={"label": "Em Progresso"})
    importance = Part("Importance", schema=Importance, example={"importance_level": 3})
    assignedUser = Part(
        "Person in charge",
        schema=AssignedUser,
        example={"hostPeopleId": "4a6b9f6e-0f2f-4e2b-9a77-98b0d64c4d11"},
    )
    closed = Flag("Closed", example=False)


class UpdateTicket(Move, Update):
    pass


class GetTickets(Schema):
    """Tolky goes by the first of these that it is given, so that a second one would be ignored."""

    ticketId = Uuid("Ticket", example="b8c9f8c4-0b6a-4b2a-8f8f-0c9d9e2f5a1a")
    leadId = Text("Lead, for all of its tickets", example="lead-77")
    conversationId = Uuid(
        "Conversation", example="0d2f6c51-6f1e-4a57-9a53-5a0b7f7c1e11"
    )


_MOVE = frozenset(Move().fields)
_UPDATE = tuple(Update().fields)


def moves(fields: Mapping[str, object]) -> str:
    """A move is told in the ticket's history each time, with or without a reason."""
    return next((name for name in ("reason", "newLevel") if name in fields), "")


def judge(call: Call, reply: Reply) -> Outcome:
    """Success is a 2xx with `success` true and everything performed that was asked for."""
    fields = sent(call)
    return _judged(fields, reply, lambda answer: _read(fields, reply, answer))


def judge_get(call: Call, reply: Reply) -> Outcome:
    """Success is a 2xx with `success` true; an error has no call in its place, since nothing was to be done."""

    def read(answer: answers.Answer) -> Outcome:
        success = answer.get("success") if isinstance(answer, dict) else None
        if success is False:
            return _REFUSED
        return answers.delivered(reply) if success is True else answers.unexpected()

    return _judged({}, reply, read)


def _judged(
    fields: Fields, reply: Reply, read: Callable[[answers.Answer], Outcome]
) -> Outcome:
    if reply.status not in (401, *_PARKS):
        if outcome := _documented(fields, answers.parse(reply.body)):
            return outcome
    return answers.judge_json(reply, read, parks=_PARKS)


def _documented(fields: Fields, answer: answers.Answer) -> Outcome | None:
    """What an error of Tolky's own list means; it may stand in any of three keys, with details after a colon."""
    if not isinstance(answer, dict):
        return None
    texts = (answer.get(key) for key in ("error", "code", "message"))
    errors = {text.partition(":")[0].strip() for text in texts if isinstance(text, str)}
    if "MoveTicketError" in errors:
        return _move_failed(fields)
    return next((outcome for name, outcome in _ERRORS.items() if name in errors), None)


def _move_failed(fields: Fields) -> Outcome:
    """The update ran before the move and is done: sending it again could overwrite what a person changed since."""
    reason = "Tolky failed at the move (MoveTicketError): only the move is tried again"
    rest = {name: value for name, value in fields.items() if name in _MOVE}
    call = json_call("POST", _PATH, rest) if rest != fields else None
    return replace(answers.retry("move_failed", reason), call=call)


def _read(fields: Fields, reply: Reply, answer: answers.Answer) -> Outcome:
    success = answer.get("success") if isinstance(answer, dict) else None
    if success is False:
        return _REFUSED
    data = answer.get("data") if success is True else None
    done = data.get("operationsPerformed") if isinstance(data, dict) else None
    if not isinstance(done, dict):
        return answers.unexpected()
    wanted = {
        "updated": any(name in fields for name in _UPDATE),
        "moved": "newLevel" in fields,
    }
    missing = [name for name in wanted if wanted[name] and done.get(name) is not True]
    if missing:
        what = " nor ".join(missing)
        return answers.failed(
            "partial",
            f"Tolky answered, but has not {what} the ticket: check it in Tolky",
        )
    return answers.delivered(reply)


_REFUSED = answers.failed(
    "refused", "Tolky says that the call did not succeed: check the stored answer"
)
_ERRORS = {
    "MissingTicketId": answers.failed(
        "missing_ticket_id",
        "Tolky says that the ticketId is missing: correct the rule's fields",
    ),
    "NoOperationSpecified": answers.failed(
        "no_operation", "Tolky found nothing to do: add a field to update, or newLevel"
    ),
    "Invalid credentials": answers.parked(
        "credentials", "Tolky refuses the token: correct the auth of the connection"
    ),
    "UpdateTicketError": answers.retry(
        "update_failed",
        "Tolky failed at the update (UpdateTicketError): it is tried again a few times",
        limit=answers.FEW,
    ),
}

UPDATE_TICKET = Operation(
    name="tolky.update_ticket",
    summary="Set fields of a ticket, move it, or both.",
    schema=UpdateTicket,
    build=sends_json("POST", _PATH, composed=("newLevel",)),
    judge=judge,
    ticket=("ticketId",),
    at_least_one=((*_UPDATE, "newLevel"),),
    conflicts=(
        (
            "newLevel",
            "status.tickets_levels_id",
            "the move runs last and wins, so keep one of them",
        ),
    ),
    replaces=True,
    appends=frozenset({"reason"}),
    adds=moves,
)

MOVE_STAGE = replace(
    UPDATE_TICKET,
    name="tolky.move_stage",
    summary="Move a ticket to another stage.",
    schema=MoveStage,
    at_least_one=(),
    conflicts=(),
)

GET_TICKETS = Operation(
    name="tolky.get_tickets",
    summary="Ask what a ticket holds, or the tickets of a lead or a conversation.",
    schema=GetTickets,
    build=sends_json("POST", f"{_TICKETS}/getTickets"),
    judge=judge_get,
    ticket=tuple(GetTickets().fields),
    exactly_one=(tuple(GetTickets().fields),),
    replaces=False,
)

VENDOR = Vendor(
    name="tolky",
    title="Tolky",
    address="https://api.tolky.to",
    auth=(bearer("Token"),),
    parks_on_403=True,
    operations=(UPDATE_TICKET, MOVE_STAGE),
    look_ups=(GET_TICKETS,),
)
