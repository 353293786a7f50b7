"""Kapture CX (India): the sub-status of a ticket, a new ticket, and what tickets hold.

A tenant has keys of its own, and its answer says inside a 2xx that it failed. update_ticket is read off Kapture's page;
add_ticket and get_ticket are known from public clients alone.
"""

from typing import Any

from marshmallow import Schema

from bridge.kinds import Choice, Text
from bridge.model import Call, Outcome, Reply, Verdict
from bridge.vendors import answers
from bridge.vendors.auth import secret_header
from bridge.vendors.base import (
    Build,
    ConnectionOptions,
    Fields,
    Operation,
    Options,
    Vendor,
    json_call,
    sends_json,
)
from bridge.vendors.fields import Moment

# The messages and codes of Kapture's pages, lower case without blanks and signs, by how they start.
_MESSAGES = (
    ("invalidauthkey", Verdict.PARK, "auth_key", "refuses the token"),
    ("authkeyinvalid", Verdict.PARK, "auth_key", "refuses the token"),
    ("apiexpired", Verdict.PARK, "auth_expired", "says that the token has expired"),
    ("nodatafound", Verdict.FAILED, answers.NOT_FOUND, "does not find this ticket_id"),
    (
        "reqfieldmissing",
        Verdict.FAILED,
        "field_missing",
        "says that a required field is missing",
    ),
    ("invalidformat", Verdict.FAILED, "invalid_format", "cannot read callback_time"),
    ("serverfailure", Verdict.UNKNOWN, "server_failure", "has a failure of its own"),
)
_NEXT = {
    Verdict.PARK: "correct the auth of the connection",
    Verdict.FAILED: "correct the rule's fields",
    Verdict.UNKNOWN: "it may have applied the call",
}


class UpdateTicket(Schema):
    ticket_id = Text(
        "Ticket",
        description="The ticketId of Kapture's answers, not their id.",
        required=True,
        example="713516551148",
    )
    sub_status = Text(
        "Sub-status",
        description="The tenant's key of it.",
        required=True,
        example="PS",
    )
    comment = Text(
        "Comment",
        description="Probably added again by a repeated call.",
        example="Payment failed",
    )
    callback_time = Moment(
        "Callback time",
        description="In the tenant's own time zone, 24-hour.",
        form="%Y-%m-%d %H:%M:%S",
        fix="""add "| datetime('%Y-%m-%d %H:%M:%S', 'Asia/Kolkata')\"""",
        example="2026-05-03 18:30:00",
    )
    queue = Text("Queue", description="The key of the queue's name.", example="billing")
    disposition = Text("Disposition", example="payment")


class AddTicket(Schema):
    title = Text("Title", required=True, example="Payment failed")
    ticket_details = Text("Details", example="Invoice 77 is open")
    due_date = Text("Due date", example="2026-05-03 18:30:00")
    customer_id = Text("Customer", example="C-77")
    customer_name = Text("Customer's name", example="Asha Rao")
    phone = Text("Phone number", example="9876543210")
    email_id = Text("E-mail address", example="asha@example.com")
    queue = Text("Queue", example="billing")
    disposition = Text("Disposition", example="payment")


class GetTicket(Schema):
    ticket_ids = Text(
        "Tickets",
        description="One ticketId, or several with commas between them.",
        required=True,
        example="713516551148",
    )
    history_type = Text("History to include", example="all")
    conversation_type = Text("Conversations to include", example="notes")


class Connection(ConnectionOptions):
    subdomain = Text(
        "Subdomain",
        description="The part before .kapturecrm.com.",
        pattern="[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
        shape="a subdomain such as acme",
        fix="write only the part before .kapturecrm.com",
        example="acme",
    )
    body_style = Choice(
        "Body style",
        choices=("array", "object"),
        description="array, as documented, or object for tenants that need a bare object.",
        example="array",
    )
    timezone = Text(
        "Time zone",
        description="The tenant's time zone: date and datetime use it unless they name another.",
        pattern="[A-Za-z]+(/[A-Za-z0-9_+-]+){0,2}",
        shape="a time zone such as Asia/Kolkata",
        fix="write a name of the tz database",
        example="Asia/Kolkata",
    )


def post(path: str) -> Build:
    """A build that sends an array of one object, or the object alone where the connection says so."""

    def build(fields: Fields, options: Options) -> Call:
        bare = options.get("body_style") == "object"
        return json_call("POST", path, fields if bare else [fields])

    return build


def judge_update(call: Call, reply: Reply) -> Outcome:
    """Success is a 2xx whose body says success."""
    return _documented(reply) or answers.judge_json(
        reply,
        lambda answer: (
            answers.delivered(reply) if _succeeded(answer) else answers.unexpected()
        ),
    )


def judge_add(call: Call, reply: Reply) -> Outcome:
    """The same, or a body that names the new ticket: public clients read no status there."""

    def read(answer: answers.Answer) -> Outcome:
        made = _succeeded(answer) or _facts(answer).get("ticket_id")
        return answers.delivered(reply) if made else answers.unexpected()

    return _documented(reply) or answers.judge_json(reply, read)


def judge_get(call: Call, reply: Reply) -> Outcome:
    """Success is a list of tickets; an empty one knows none of them."""

    def read(answer: answers.Answer) -> Outcome:
        if answer == []:
            reason = "Kapture does not find this ticket: correct the look-up's fields"
            return answers.failed(answers.NOT_FOUND, reason)
        tickets = answer if isinstance(answer, list) else [None]
        told = all(isinstance(ticket, dict) and ticket for ticket in tickets)
        return answers.delivered(reply) if told else answers.unexpected()

    return _documented(reply) or answers.judge_json(reply, read)


def _documented(reply: Reply) -> Outcome | None:
    """What a message of Kapture's own means, whatever the status: they are documented without one."""
    facts = _facts(answers.parse(reply.body))
    texts = {_fold(facts.get(key)) for key in ("message", "error", "code", "errorcode")}
    for start, verdict, code, what in _MESSAGES:
        if any(text.startswith(start) for text in texts):
            reason = f"Kapture {what}: {_NEXT[verdict]}"
            return Outcome(verdict=verdict, reason=reason, code=code)
    if 200 <= reply.status <= 299 and _fold(facts.get("status")) == "failed":
        return answers.failed("refused", "Kapture says that the call failed")
    return None


def _succeeded(answer: answers.Answer) -> bool:
    return _fold(_facts(answer).get("status")) == "success"


def _facts(answer: answers.Answer) -> dict[str, Any]:
    """The answer's keys in lower case; a list of one is what it holds, anything else nothing."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if not isinstance(answer, dict):
        return {}
    return {key.lower(): value for key, value in answer.items()}


def _fold(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(char for char in text.lower() if char.isalnum())


UPDATE_TICKET = Operation(
    name="kapture.update_ticket",
    summary="Set the sub-status of a ticket, with a comment and a callback time.",
    schema=UpdateTicket,
    build=post("/update-ticket-from-other-source.html/v.2.0"),
    judge=judge_update,
    ticket=("ticket_id",),
    replaces=True,
    appends=frozenset({"comment"}),
    extra_fields=True,
)

ADD_TICKET = Operation(
    name="kapture.add_ticket",
    summary="Make a ticket.",
    schema=AddTicket,
    build=post("/add-ticket-from-other-source.html/v.2.0"),
    judge=judge_add,
    replaces=False,
    appends=frozenset({"title"}),  # every call makes a ticket, and every call has one
    extra_fields=True,
)

GET_TICKET = Operation(
    name="kapture.get_ticket",
    summary="Ask what tickets hold.",
    schema=GetTicket,
    build=sends_json("POST", "/search-ticket-by-ticket-id.html/v.2.0"),
    judge=judge_get,
    ticket=("ticket_ids",),
    replaces=False,
    extra_fields=True,
)

VENDOR = Vendor(
    name="kapture",
    title="Kapture CX",
    address="https://{subdomain}.kapturecrm.com",
    # The token is opaque: pasted as it is, not base64 of user:password.
    auth=(secret_header("basic_token", "Token", prefix="Basic "),),
    options=Connection,
    operations=(UPDATE_TICKET, ADD_TICKET),
    look_ups=(GET_TICKET,),
)
