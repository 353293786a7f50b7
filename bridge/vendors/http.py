"""Any HTTP API: the rule itself says method, path, query, headers, body and which statuses are success.

Payload text ends up in paths and headers here, so both are checked for what would reach another address or start
another header. An answer is judged by its status alone, because nobody but the rule knows its body.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from marshmallow import Schema

from bridge.kinds import Choice, Flag, Form, Forms, Kind, List, Names, Problems, Text
from bridge.model import Call, Headers, Json, Outcome, Reply
from bridge.strict.json import dumps, require_json
from bridge.strict.outgoing import (
    FORM,
    HALF,
    METHODS,
    encoded,
    half_character,
    path_problem,
)
from bridge.vendors.answers import delivered, failed, refused
from bridge.vendors.auth import BASIC, HEADER, SIGNED_QUERY, bearer
from bridge.vendors.base import Fields, Operation, Options, Vendor
from bridge.vendors.fields import Value
from bridge.vendors.headers import HeaderMap
from bridge.vendors.oauth2 import OAUTH2

_RANGE = re.compile("([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")
_ANY_2XX = ((200, 299),)
_KEY = re.compile("idempoten", re.IGNORECASE)  # as in X-Idempotency-Key
_TEXT = ("content-type", "text/plain; charset=utf-8")
_JSON = ("content-type", "application/json")
_BODIES = ("body", "form")  # of which a request has one


class QueryValue(Value):
    """Text, a number, true or false, or a list of them, which repeats the name."""

    needs = "text, a number, true or false, or a list of them"

    def problem(self, value: object) -> Problems:
        if isinstance(value, dict):
            return self.wrong_type(value)
        if isinstance(value, str) and half_character(value):
            return HALF
        return super().problem(value)


class Query(Names):
    """Names to values; a name is text that has a UTF-8 form."""

    def problem(self, value: object) -> Problems:
        names = [str(name) for name in value] if isinstance(value, Mapping) else []
        if wrong := {name: HALF for name in names if half_character(name)}:
            return wrong
        return super().problem(value)


class Body(Kind):
    """Text, sent as it is, or any JSON value; null and empty text inside are the rule's own decision."""

    needs = "text or a JSON value"

    def problem(self, value: object) -> Problems:
        try:
            value.encode() if isinstance(value, str) else require_json(value)
        except UnicodeEncodeError:
            return HALF
        except ValueError as error:
            return str(error)
        return ""


class Status(Kind):
    """A status (409) or a range of them ("200-299")."""

    needs = "a status from 100 to 599 or a range of them"

    def problem(self, value: object) -> Problems:
        return "" if _range(value) else f'needs {self.needs}: write 200 or "202-204"'

    def json_form(self, forms: Forms) -> Form:
        return {
            "type": ["integer", "string"],
            "minimum": 100,
            "maximum": 599,
            "pattern": f"^(?:{_RANGE.pattern})$",
        }


class Request(Schema):
    method = Choice(
        "Method",
        choices=METHODS,
        required=True,
        example="POST",
    )
    path = Text(
        "Path",
        description="Below the connection's base_url; percent-escapes are kept, other characters are escaped.",
        required=True,
        example="/tickets/77",
        check=path_problem,
    )
    query = Query(
        "Query", values=QueryValue("value", example="text"), example={"notify": True}
    )
    headers = HeaderMap("Headers", example={"x-team": "billing"})
    body = Body(
        "Body",
        description="Text is sent as text/plain, anything else as JSON, unless headers name a content-type.",
        example={"status": "paid"},
    )
    form = Query(
        "Form",
        values=QueryValue("value", example="text"),
        description="A body of names and values, as an HTML form sends them; a list repeats its name.",
        example={"status": "paid", "tags": ["a", "b"]},
    )
    success = List(
        "Statuses that are success",
        items=Status("Status", example=200),
        description="Any 2xx unless given.",
        example=[200, "202-204"],
    )
    repeatable = Flag(
        "Whether the same request, sent twice, does no harm",
        description="Not sent. False for POST and PATCH unless given, true for the others.",
        example=True,
    )


def build(fields: Fields, options: Options) -> Call:
    """The request; headers of the rule win over the content type that the body suggests."""
    given: Any = fields
    headers: Headers = tuple(given.get("headers", {}).items())
    body, content_type = _body(given)
    named = {name.lower() for name, _ in headers}
    if content_type and "content-type" not in named:
        headers = (content_type, *headers)
    return Call(
        method=given["method"],
        path=encoded(given["path"]),
        query=tuple(_query(given.get("query", {}))),
        headers=headers,
        body=body,
        success=tuple(filter(None, map(_range, given.get("success", ())))) or _ANY_2XX,
    )


def adds(fields: Mapping[str, object]) -> str:
    """POST and PATCH may add something, unless the rule says otherwise or a header tells repeated calls apart."""
    if "repeatable" in fields:
        return "" if fields["repeatable"] is True else "path"
    headers = fields.get("headers")
    names = headers if isinstance(headers, Mapping) else {}
    if any(_KEY.search(name) for name in names):
        return ""
    if fields.get("method") not in ("POST", "PATCH"):
        return ""
    return next((name for name in _BODIES if name in fields), "path")


def merged(fields: Mapping[str, object]) -> frozenset[str]:
    """PUT replaces the whole of what its path names; of all other methods the API alone knows."""
    return frozenset() if fields.get("method") == "PUT" else frozenset(_BODIES)


def judge(call: Call, reply: Reply) -> Outcome:
    """The rule's own statuses first, then what a status usually means."""
    if any(first <= reply.status <= last for first, last in call.success):
        return delivered(reply)
    if 200 <= reply.status <= 299:
        reason = f"the answer {reply.status} is not a success status: add it under `success`, or check the vendor"
        return failed(f"http_{reply.status}", reason)
    return refused(reply)


def _query(query: dict[str, Json]) -> list[tuple[str, str]]:
    pairs = []
    for name, value in query.items():
        for item in value if isinstance(value, list) else [value]:
            pairs.append(
                (name, item if isinstance(item, str) else dumps(item).decode())
            )
    return pairs


def _body(fields: Any) -> tuple[bytes | None, tuple[str, str] | None]:
    if "form" in fields:
        return urlencode(list(_query(fields["form"]))).encode(), ("content-type", FORM)
    if "body" not in fields:
        return None, None
    body = fields["body"]
    return (body.encode(), _TEXT) if isinstance(body, str) else (dumps(body), _JSON)


def _range(value: Any) -> tuple[int, int] | None:
    """(200, 299) of "200-299", (409, 409) of 409; None for anything else."""
    match = _RANGE.fullmatch(value if isinstance(value, str) else repr(value))
    if not match or isinstance(value, bool):
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    return (first, last) if first <= last else None


REQUEST = Operation(
    name="http.request",
    summary="Send a request of your own to any HTTP API.",
    doc="https://www.rfc-editor.org/rfc/rfc9110",
    schema=Request,
    build=build,
    judge=judge,
    ticket=("path",),
    conflicts=((*_BODIES, "a request has one of them"),),
    adds=adds,
    merges=merged,
    segments=frozenset({"path"}),
    nulls=frozenset({"body"}),
    replaces=False,  # nobody but the rule knows; it may say so under ordering
)

VENDOR = Vendor(
    name="http",
    title="Any HTTP API",
    auth=(BASIC, HEADER, bearer("Token"), OAUTH2, SIGNED_QUERY),
    auth_required=False,
    idempotency_header="Idempotency-Key",
    operations=(REQUEST,),
    look_ups=(REQUEST,),
)
