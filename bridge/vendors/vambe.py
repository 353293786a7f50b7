"""Vambe (Chile): the amount and the metadata of a ticket, and a customer.

Vambe's page is the authority for update_amount; update_metadata and upsert_customer are known from public clients
alone, so they take fields that are not listed here.
"""

from dataclasses import replace
from typing import Any

from marshmallow import Schema

from bridge.kinds import Flag, List, Names, Text
from bridge.model import Call, Outcome, Reply, Verdict
from bridge.vendors import answers
from bridge.vendors.auth import secret_header
from bridge.vendors.base import (
    ConnectionOptions,
    Operation,
    Vendor,
    merging,
    sends_json,
)
from bridge.vendors.fields import FreeNames, Number, Part, Uuid

_IDENTIFIERS = ("ticket_id", "ai_contact_id", "contact_number")
_ACTIVE = "Uses the contact's active ticket."
_CLOSED = "it only widens a search by contact, so drop it"


class Phone(Text):
    """A number in E.164 with its plus sign; Vambe's own webhooks leave the plus out."""

    def __init__(self, title: str, **rest: Any) -> None:
        super().__init__(
            title,
            pattern=r"\+[1-9][0-9]{6,14}",
            shape="a number such as +56912345678",
            fix="""add "| e164('CL')\" with the number's country""",
            **rest,
        )


class TicketOrContact(Schema):
    """The three ways to name a ticket."""

    ticket_id = Uuid("Ticket", example="a1b2c3d4-e5f6-7890-abcd-ef1234567890")
    ai_contact_id = Uuid(
        "Contact", description=_ACTIVE, example="df980fc8-b6db-4820-bf22-2969482d106d"
    )
    contact_number = Phone(
        "Contact's phone number", description=_ACTIVE, example="+56912345678"
    )
    allow_closed_ticket = Flag(
        "Use the latest closed ticket if none is active", example=True
    )


class UpdateAmount(TicketOrContact):
    amount = Number(
        "Amount, in major units of its currency", required=True, example=150000
    )
    # Vambe's own list holds UF, which ISO 4217 does not.
    currency = Text(
        "Currency",
        description="Required by tickets with a price source, ignored by others: send it whenever it is known.",
        pattern="[A-Z]{2,3}",
        shape="a currency code such as CLP",
        fix='add "| upper"',
        example="CLP",
    )


class UpdateMetadata(TicketOrContact):
    metadata = Names(
        "Metadata, names to texts",
        values=Text("value", example="gold"),
        required=True,
        example={"plan": "gold"},
    )


class CustomField(Schema):
    key = Text("Name of the custom field", required=True, example="city")
    value = Text("Its value", required=True, example="Santiago")


class UpsertCustomer(Schema):
    contact_phone_number = Phone("Phone number", required=True, example="+56912345678")
    channel = Text("Channel", example="whatsapp")
    channel_phone_number = Phone("Your number on the channel", example="+56223456789")
    contact_name = Text("Name", example="Ana Rojas")
    contact_email = Text("E-mail address", example="ana@example.com")
    stageId = Uuid("Stage", example="3fb2a9f0-5aa3-4f6d-8d37-c2a0b1d7b9a2")
    agentId = Uuid("Agent", example="4a6b9f6e-0f2f-4e2b-9a77-98b0d64c4d11")
    custom_field_values = List(
        "Custom fields",
        items=Part("Custom field", schema=CustomField, example={"key": "city"}),
        example=[{"key": "city", "value": "Santiago"}],
    )
    meta_data = FreeNames("Metadata", example={"plan": "gold"})


class Connection(ConnectionOptions):
    country = Text(
        "Country of phone numbers that have no country code",
        pattern="[A-Z]{2}",
        shape="a country code such as CL",
        fix="write two capital letters",
        example="CL",
    )


def judge(call: Call, reply: Reply) -> Outcome:
    """Any 2xx, unless a statusCode in its body says otherwise. An empty body says nothing, so it is one."""
    if 200 <= reply.status <= 299 and not reply.body.strip():
        return answers.delivered(reply)
    return answers.judge_json(reply, lambda answer: _read(reply, answer))


def judge_ticket(call: Call, reply: Reply) -> Outcome:
    """The same, and a `status` in the body must be the documented "ok"; a customer may have a status of its own."""
    outcome = judge(call, reply)
    if outcome.verdict is not Verdict.DELIVERED or reply.truncated:
        return outcome
    status = (answers.parse(reply.body) or {}).get("status", "ok")
    return outcome if status == "ok" else answers.unexpected()


def _read(reply: Reply, answer: answers.Answer) -> Outcome:
    if not isinstance(answer, dict):
        return answers.unexpected()
    status = answer.get("statusCode")
    if isinstance(status, int) and status >= 400:
        return answers.by_status(status)
    return answers.delivered(reply)


UPDATE_AMOUNT = Operation(
    name="vambe.update_amount",
    summary="Set the amount of a ticket.",
    schema=UpdateAmount,
    build=sends_json("POST", "/api/public/ticket/amount"),
    judge=judge_ticket,
    ticket=_IDENTIFIERS,
    exactly_one=(_IDENTIFIERS,),
    conflicts=(("ticket_id", "allow_closed_ticket", _CLOSED),),
    replaces=True,
)

UPDATE_METADATA = replace(
    UPDATE_AMOUNT,
    name="vambe.update_metadata",
    summary="Set metadata of a ticket.",
    schema=UpdateMetadata,
    build=sends_json("POST", "/api/public/ticket/metadata"),
    merges=merging("metadata"),
    extra_fields=True,
)

UPSERT_CUSTOMER = Operation(
    name="vambe.upsert_customer",
    summary="Create a customer or update what is known about one.",
    schema=UpsertCustomer,
    build=sends_json("POST", "/api/public/customer/upsert/info"),
    judge=judge,
    ticket=("contact_phone_number",),
    replaces=True,
    merges=merging("custom_field_values", "meta_data"),
    extra_fields=True,
)

VENDOR = Vendor(
    name="vambe",
    title="Vambe",
    address="https://api.vambe.me",
    auth=(secret_header("api_key", "API key", header="x-api-key"),),
    options=Connection,
    operations=(UPDATE_AMOUNT, UPDATE_METADATA, UPSERT_CUSTOMER),
)
