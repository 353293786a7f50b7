"""Each pretend vendor answers as its page documents, checks credentials and bodies, and remembers tickets."""

import pytest
import requests

from bridge.sandbox import DEFAULT_CREDENTIALS

TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
PHONE = "+56912345678"
KAPTURE = "/kapture/update-ticket-from-other-source.html/v.2.0"
TOLKY = "/tolky/api/externalAPIs/public/tickets/updateTicket"
SEARCH = "/kapture/search-ticket-by-ticket-id.html/v.2.0"
ASKED = "/tolky/api/externalAPIs/public/tickets/getTickets"
GETFLY = "/getfly/api/v6.1/ticket"
AMOUNT = "/vambe/api/public/ticket/amount"
HEADERS = {
    "vambe": {"x-api-key": DEFAULT_CREDENTIALS["vambe"]},
    "kapture": {"Authorization": f"Basic {DEFAULT_CREDENTIALS['kapture']}"},
    "getfly": {"X-API-KEY": DEFAULT_CREDENTIALS["getfly"]},
    "tolky": {"Authorization": f"Bearer {DEFAULT_CREDENTIALS['tolky']}"},
    "http": {},
}


def send(sandbox, path, body, method="POST", **more):
    headers = HEADERS[path.split("/")[1]]
    url = sandbox.url + path
    return requests.request(method, url, json=body, headers=headers, timeout=60, **more)


@pytest.mark.parametrize(
    ("path", "method", "status", "key"),
    [
        (AMOUNT, "POST", 401, "statusCode"),
        (KAPTURE, "POST", 401, "message"),
        (GETFLY, "PUT", 401, "message"),
        (TOLKY, "POST", 403, "error"),
    ],
)
def test_credentials_are_checked(sandbox, path, method, status, key):
    """Without the credential nothing is read: each vendor refuses with its own status and body."""
    for headers in ({}, {"x-api-key": "wrong", "Authorization": "Bearer wrong"}):
        answer = requests.request(
            method, sandbox.url + path, json={}, headers=headers, timeout=60
        )
        assert answer.status_code == status
        assert key in answer.json()
    assert [call.applied for call in sandbox.calls()] == [False, False]


def test_vambe_sets_an_amount(sandbox):
    """The amount and currency of a ticket are what the last call said."""
    for amount in (150000, 0):
        body = {"ticket_id": TICKET, "amount": amount, "currency": "CLP"}
        answer = send(sandbox, AMOUNT, body)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert sandbox.tickets("vambe") == {TICKET: {"amount": 0, "currency": "CLP"}}


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 1},
        {"ticket_id": TICKET, "contact_number": PHONE, "amount": 1},
        {"ticket_id": "7", "amount": 1},
        {"ticket_id": TICKET},
        {"ticket_id": TICKET, "amount": "1"},
        {"ticket_id": TICKET, "amount": True},
        {"contact_number": 56912345678, "amount": 1},
        [],
        "text",
    ],
)
def test_vambe_refuses(sandbox, body):
    """A body without exactly one identifier and a number is a 400 and changes nothing."""
    answer = send(sandbox, AMOUNT, body)
    assert answer.status_code == answer.json()["statusCode"] == 400
    assert sandbox.tickets("vambe") == {}


def test_vambe_needs_a_currency_of_price_tickets(sandbox):
    """A ticket with a price source refuses an amount without currency."""
    sandbox.put("vambe", TICKET, price_source=True)
    body = {"ticket_id": TICKET, "amount": 1}
    assert send(sandbox, AMOUNT, body).status_code == 400
    assert send(sandbox, AMOUNT, {**body, "currency": "CLP"}).status_code == 200


def test_vambe_takes_the_active_ticket(sandbox):
    """A contact whose ticket is closed has no active one, unless closed ones are allowed."""
    sandbox.put("vambe", PHONE, closed=True)
    body = {"contact_number": PHONE, "amount": 1}
    answer = send(sandbox, AMOUNT, body)
    assert answer.status_code == 404
    assert answer.json()["message"] == "Active ticket not found for contact"
    allowed = {**body, "allow_closed_ticket": True}
    assert send(sandbox, AMOUNT, allowed).status_code == 200


def test_vambe_metadata_and_customer(sandbox):
    """Metadata is merged; a customer is answered whole."""
    path = "/vambe/api/public/ticket/metadata"
    for metadata in ({"a": "1"}, {"b": "2"}):
        body = {"ticket_id": TICKET, "metadata": metadata}
        assert send(sandbox, path, body).json() == {"status": "ok"}
    assert sandbox.tickets("vambe")[TICKET]["metadata"] == {"a": "1", "b": "2"}
    wrong = {"ticket_id": TICKET, "metadata": {"a": 1}}
    assert send(sandbox, path, wrong).status_code == 400
    path = "/vambe/api/public/customer/upsert/info"
    answer = send(sandbox, path, {"contact_phone_number": PHONE})
    assert answer.status_code == 201 and answer.json()["id"]
    assert send(sandbox, path, {}).status_code == 400


@pytest.mark.parametrize("shape", [lambda body: [body], lambda body: body])
def test_kapture_updates(sandbox, shape):
    """An array of one or a bare object sets the sub-status; every call adds its comment again."""
    body = {"ticket_id": "7135", "sub_status": "PS", "comment": "failed", "queue": ""}
    for _ in range(2):
        answer = send(sandbox, KAPTURE, shape(body))
        assert answer.status_code == 200
        assert answer.json()["status"] == "success"
        assert answer.json()["ticket"]["ticketId"] == "7135"
        assert answer.json()["ticket"]["substatus"] == "PS"
    assert sandbox.tickets("kapture")["7135"] == {
        "ticket_id": "7135",
        "sub_status": "PS",
        "comments": ["failed", "failed"],
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([{"sub_status": "P"}], "No Data found/ticket_id is missing"),
        ([{"ticket_id": "", "sub_status": "P"}], "No Data found/ticket_id is missing"),
        ([{"ticket_id": "1"}], "ReqFieldMissing"),
        ([{"ticket_id": "1", "sub_status": "P", "callback_time": "soon"}], "Invalid"),
    ],
)
def test_kapture_fails_inside_a_200(sandbox, body, message):
    """What Kapture refuses comes with 200 and status failed."""
    answer = send(sandbox, KAPTURE, body)
    assert answer.status_code == 200
    assert answer.json()["status"] == "failed"
    assert answer.json()["message"].startswith(message)
    assert sandbox.tickets("kapture") == {}


def test_kapture_takes_one_ticket_per_call(sandbox):
    """An array of two, or no object at all, is a bad request."""
    assert send(sandbox, KAPTURE, [{}, {}]).status_code == 400
    assert send(sandbox, KAPTURE, "x").status_code == 400


def test_kapture_adds(sandbox):
    """Each call makes a ticket of its own, named in the answer."""
    path = "/kapture/add-ticket-from-other-source.html/v.2.0"
    made = {send(sandbox, path, [{"title": "x"}]).json()["ticket_id"] for _ in "ab"}
    assert made == set(sandbox.tickets("kapture")) and len(made) == 2
    assert send(sandbox, path, [{}]).json()["status"] == "failed"
    assert send(sandbox, path, []).status_code == 400


def test_getfly_replaces_values(sandbox):
    """Values that are sent replace, others stay; the answer names the ticket."""
    for body in ({"ticket_title": "a", "cate_name": "c"}, {"ticket_title": "b"}):
        answer = send(sandbox, GETFLY, {"ticket_code": "ABC", **body}, "PUT")
        assert answer.status_code == 200
        assert answer.json()["data"]["ticket_code"] == "ABC"
    stored = sandbox.tickets("getfly")["ABC"]
    assert (stored["ticket_title"], stored["cate_name"]) == ("b", "c")
    shown = send(
        sandbox, GETFLY + "?ticket_code=ABC&fields=ticket_title,nope", None, "GET"
    )
    assert shown.json() == {"ticket_title": "b"}


@pytest.mark.parametrize(
    "body",
    [
        {"ticket_title": "a"},
        {"ticket_code": "ABC"},
        {"ticket_code": "ABC", "expected_at": "tomorrow"},
        {"ticket_code": "ABC", "emergency_phone": 123},
        {"ticket_code": "ABC", "custom_fields": []},
        {"ticket_code": 7, "ticket_title": "a"},
    ],
)
def test_getfly_refuses(sandbox, body):
    """A missing or malformed field is a 400 and changes nothing."""
    assert send(sandbox, GETFLY, body, "PUT").status_code == 400
    assert sandbox.tickets("getfly") == {}


def test_getfly_creates(sandbox):
    """A new ticket gets a code of its own."""
    made = send(sandbox, GETFLY, {"ticket_title": "a"}).json()["data"]["ticket_code"]
    assert list(sandbox.tickets("getfly")) == [made]
    assert send(sandbox, GETFLY, {}).status_code == 400


@pytest.mark.parametrize(
    ("update", "method", "values", "path", "question", "told"),
    [
        (GETFLY, "PUT", {"ticket_code": "A", "status_name": "Mới"},
         GETFLY + "?ticket_code=A&fields=ticket_code,status_name", None,
         {"ticket_code": "A", "status_name": "Mới"}),
        (KAPTURE, "POST", {"ticket_id": "71", "sub_status": "PS"}, SEARCH, {"ticket_ids": "71"}, "PS"),
        (TOLKY, "POST", {"ticketId": TICKET, "newLevel": "Feito"}, ASKED, {"ticketId": TICKET}, "Feito"),
    ],
)  # fmt: skip
def test_a_look_up_tells_what_was_set(
    sandbox, update, method, values, path, question, told
):
    """In the vendor's own form, and nothing changes; a ticket that is not known is not made up."""
    send(sandbox, update, values, method)
    before, asking = sandbox.tickets(path.split("/")[1]), "POST" if question else "GET"
    answer = send(sandbox, path, question, asking).json()
    if path == SEARCH:
        answer = answer[0]["task_details"]["substatus"]
    if path == ASKED:
        answer = answer["data"][0]["level"]
    assert answer == told
    assert sandbox.tickets(path.split("/")[1]) == before
    assert [call.applied for call in sandbox.calls()] == [True, False]


def test_a_look_up_knows_no_other_ticket(sandbox):
    """Each vendor's own way of saying so."""
    for vendor in ("getfly", "kapture", "tolky"):
        sandbox.know(vendor, "other")
    missing = send(sandbox, GETFLY + "?ticket_code=zzz", None, "GET")
    assert missing.status_code == 404
    assert send(sandbox, SEARCH, {"ticket_ids": "71"}).json()["status"] == "failed"
    assert send(sandbox, ASKED, {"ticketId": TICKET}).status_code == 404


def test_tolky_tells_the_tickets_of_a_lead(sandbox):
    """Of all tickets those that were set to be of it; without any name there is nothing to tell."""
    for ticket, lead in ((TICKET, "a"), ("other", "b")):
        sandbox.put("tolky", ticket, leadId=lead)
    answer = send(sandbox, ASKED, {"leadId": "a", "conversationId": TICKET}).json()
    assert [one["id"] for one in answer["data"]] == [TICKET]
    assert send(sandbox, ASKED, {}).status_code == 400
    assert send(sandbox, SEARCH, {}).json()["message"] == "ReqFieldMissing"


def test_tolky_updates_and_moves(sandbox):
    """Both run, the update first; updateResult still shows the stage from before the move."""
    body = {"ticketId": TICKET, "subject": "s", "newLevel": "Feito", "reason": "pago"}
    answer = send(sandbox, TOLKY, body)
    data = answer.json()["data"]
    assert answer.json()["success"] is True
    assert answer.json()["message"] == "Ticket updated and moved successfully"
    assert data["operationsPerformed"] == {"updated": True, "moved": True}
    assert data["updateResult"]["status"]["name"] == "Novo"
    assert data["moveResult"]["data"]["newLevel"]["name"] == "Feito"
    assert sandbox.tickets("tolky")[TICKET]["events"] == [
        "info: subject",
        "status: Feito",
        "Motivo: pago",
    ]


def test_tolky_takes_closed_false(sandbox):
    """closed: false is an operation."""
    answer = send(sandbox, TOLKY, {"ticketId": TICKET, "closed": False})
    done = answer.json()["data"]["operationsPerformed"]
    assert done == {"updated": True, "moved": False}
    assert sandbox.tickets("tolky")[TICKET]["closed"] is False


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"subject": "s"}, "MissingTicketId"),
        ({"ticketId": TICKET, "reason": "r"}, "NoOperationSpecified"),
        ([], "MissingTicketId"),
    ],
)
def test_tolky_refuses(sandbox, body, error):
    """A missing ticket or operation is a 400 with the documented name."""
    answer = send(sandbox, TOLKY, body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_tolky_fails_at_a_step(sandbox):
    """A failed move leaves the update done; a failed update leaves nothing."""
    body = {"ticketId": TICKET, "subject": "s", "newLevel": "Feito"}
    sandbox.fault("tolky", step="update")
    assert send(sandbox, TOLKY, body).json()["error"] == "UpdateTicketError"
    assert sandbox.tickets("tolky") == {}
    sandbox.fault("tolky", step="move")
    answer = send(sandbox, TOLKY, body)
    assert (answer.status_code, answer.json()["error"]) == (500, "MoveTicketError")
    assert sandbox.tickets("tolky")[TICKET]["subject"] == "s"
    assert "level" not in sandbox.tickets("tolky")[TICKET]
    assert [call.applied for call in sandbox.calls("tolky")] == [False, True]
    assert send(sandbox, TOLKY, body).status_code == 200


def test_http_takes_anything(sandbox):
    """Any method and path is recorded as it was sent, and remembered."""
    answer = send(sandbox, "/http/a%20b/c?x=1&x=2", {"n": 1}, "PATCH")
    assert answer.status_code == 200
    [call] = sandbox.calls("http")
    assert (call.method, call.path, call.body) == (
        "PATCH",
        "/a%20b/c?x=1&x=2",
        b'{"n": 1}',
    )
    assert dict(call.headers)["Content-Type"] == "application/json"
    assert sandbox.tickets("http")["/a b/c"]["body"] == '{"n": 1}'
    assert send(sandbox, "/http/", None, "GET").status_code == 200


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "message"),
    [
        (AMOUNT, "POST", {"ticket_id": TICKET, "amount": 1}, 404, "Ticket not found"),
        (AMOUNT, "POST", {"contact_number": PHONE, "amount": 1}, 404, "Active ticket not found for contact"),
        (KAPTURE, "POST", [{"ticket_id": "1", "sub_status": "P"}], 200, "No Data found/ticket_id is missing"),
        (GETFLY, "PUT", {"ticket_code": "ABC", "ticket_title": "t"}, 404, "Ticket to update not found"),
        (TOLKY, "POST", {"ticketId": TICKET, "subject": "s"}, 404, "Ticket não encontrado"),
    ],
)  # fmt: skip
def test_unknown_tickets(sandbox, path, method, body, status, message):
    """Where the known tickets are given, any other is the vendor's own not-found."""
    vendor = path.split("/")[1]
    sandbox.know(vendor, "other")
    answer = send(sandbox, path, body, method)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert sandbox.tickets(vendor) == {}
