"""Getfly CRM (Vietnam): the values of a support ticket, set or asked for, and a new ticket.

An update is partial: what is absent stays, so nothing is ever sent empty. Success is told by the ticket's code in the
answer, never by its message, which is Vietnamese on some tenants. create_ticket is known from the update's page.
"""

from typing import Any

from marshmallow import Schema

from bridge.kinds import List, Text
from bridge.model import Call, Outcome, Reply
from bridge.vendors import answers
from bridge.vendors.auth import secret_header
from bridge.vendors.base import (
    ConnectionOptions,
    Fields,
    Operation,
    Options,
    Vendor,
    merging,
    sends_json,
    sent,
)
from bridge.vendors.fields import FreeNames, Html, Moment

_PATH = "/api/v6.1/ticket"
_NAMES = ("cate_name", "status_name")  # compared with the tenant's configuration
_OTHER = "Getfly's answer names a different ticket: check both tickets in Getfly"


class Values(Schema):
    """The values of a ticket."""

    ticket_title = Text("Title", example="Invoice 77 is open")
    ticket_content = Html("Content", description="HTML.", example="<p>Paid.</p>")
    account_email = Text(
        "Customer's e-mail address",
        pattern=r"[^@\s]+@[^@\s]+",
        shape="an e-mail address",
        fix='add "| email"',
        example="lan@example.com",
    )
    cate_name = Text("Category", description="Its exact name.", example="Thanh toán")
    status_name = Text("Status", description="Its exact name.", example="Hoàn thành")
    expected_at = Moment(
        "Expected completion",
        form="%Y-%m-%d",
        fix="""add "| date('%Y-%m-%d', 'Asia/Ho_Chi_Minh')\"""",
        example="2026-05-03",
    )
    custom_fields = FreeNames(
        "Custom fields",
        description="Names and values; whether other fields keep their values is not documented.",
        example={"plan": "gold"},
    )
    emergency_phone = Text(
        "Emergency phone number",
        description="Text, to keep its leading 0.",
        example="0123456789",
    )


class UpdateTicket(Values):
    ticket_code = Text("Ticket", required=True, example="ABCXYZ1234")


class CreateTicket(Values):
    account_code = Text("Customer", description="Its code.", example="KH0077")
    contact_name = Text("Contact's name", example="Lan Nguyễn")


class GetTicket(Schema):
    ticket_code = Text("Ticket", required=True, example="ABCXYZ1234")
    # Called like marshmallow's own attribute, which it does not touch: fields are taken out of the class.
    fields: Any = List(
        "What is asked for",
        items=Text(
            "name",
            pattern=r"[^\s,]+",
            shape="a field's name",
            fix="write one name in each entry",
            example="status_name",
        ),
        required=True,
        example=["ticket_code", "status_name"],
    )


class Connection(ConnectionOptions):
    host = Text(
        "Host",
        description="The company's own host.",
        pattern=r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
        shape="a host name such as acme.getflycrm.com",
        fix="write it without https:// and path",
        example="acme.getflycrm.com",
    )


def judge_update(call: Call, reply: Reply) -> Outcome:
    """Success is a 2xx that names the ticket that was sent."""

    def read(answer: answers.Answer) -> Outcome:
        code = _ticket_code(answer)
        if code is None:
            return answers.unexpected()
        if code != sent(call).get("ticket_code"):
            return answers.failed("other_ticket", _OTHER)
        return answers.delivered(reply)

    return answers.judge_json(reply, read)


def judge_create(call: Call, reply: Reply) -> Outcome:
    """Success is a 2xx that names a ticket."""
    return answers.judge_json(
        reply,
        lambda answer: (
            answers.delivered(reply) if _ticket_code(answer) else answers.unexpected()
        ),
    )


def build_get(fields: Fields, options: Options) -> Call:
    """The question; what is asked for stands in one part of the query, with commas."""
    given: Any = fields
    query = (
        ("ticket_code", given["ticket_code"]),
        ("fields", ",".join(given["fields"])),
    )
    headers = (("accept", "application/json"),)
    return Call(method="GET", path=_PATH, query=query, headers=headers)


def judge_get(call: Call, reply: Reply) -> Outcome:
    """Success is a 2xx that holds something of what was asked for, of this ticket where it names one."""
    query = dict(call.query)

    def read(answer: answers.Answer) -> Outcome:
        held = set(answer) if isinstance(answer, dict) else set()
        if not held & set(query["fields"].split(",")):
            return answers.unexpected()
        if answer.get("ticket_code", query["ticket_code"]) != query["ticket_code"]:
            return answers.failed("other_ticket", _OTHER)
        return answers.delivered(reply)

    return answers.judge_json(reply, read)


def _ticket_code(answer: answers.Answer) -> str | None:
    data = answer.get("data") if isinstance(answer, dict) else None
    code = data.get("ticket_code") if isinstance(data, dict) else None
    return code if isinstance(code, str) else None


UPDATE_TICKET = Operation(
    name="getfly.update_ticket",
    summary="Replace values of a support ticket.",
    schema=UpdateTicket,
    build=sends_json("PUT", _PATH, composed=_NAMES),
    judge=judge_update,
    ticket=("ticket_code",),
    at_least_one=(tuple(Values().fields),),
    replaces=True,
    merges=merging("custom_fields"),  # whether it does is not documented
    html=frozenset({"ticket_content"}),
)

CREATE_TICKET = Operation(
    name="getfly.create_ticket",
    summary="Make a support ticket.",
    schema=CreateTicket,
    build=sends_json("POST", _PATH, composed=_NAMES),
    judge=judge_create,
    at_least_one=(tuple(Values().fields),),
    replaces=False,
    # Every call makes a ticket, whichever of its fields are given.
    appends=frozenset(CreateTicket().fields),
    html=frozenset({"ticket_content"}),
    extra_fields=True,
)

GET_TICKET = Operation(
    name="getfly.get_ticket",
    summary="Ask for values of a support ticket.",
    schema=GetTicket,
    build=build_get,
    judge=judge_get,
    ticket=("ticket_code",),
    replaces=False,
)

VENDOR = Vendor(
    name="getfly",
    title="Getfly CRM",
    address="https://{host}",
    auth=(secret_header("api_key", "API key", header="x-api-key"),),
    options=Connection,
    operations=(UPDATE_TICKET, CREATE_TICKET),
    look_ups=(GET_TICKET,),
)
