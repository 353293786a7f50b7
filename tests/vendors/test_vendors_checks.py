"""Wrong fields, options, auth and names are found, each with its path and a sentence that says the fix."""

from decimal import Decimal

import pytest
from vendor_contract import contracted

from bridge import vendors
from bridge.errors import ConfigurationError, UnknownName
from bridge.model import SecretRef
from bridge.secret import Secret

T = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
AMOUNT = {"ticket_id": T, "amount": 1}
CUSTOMER = {"contact_phone_number": "+56912345678"}
KAPTURE = {"ticket_id": "7", "sub_status": "P"}
GETFLY = {"ticket_code": "A", "ticket_title": "t"}
TOLKY = {"ticketId": T, "subject": "s"}
HTTP = {"method": "POST", "path": "/tickets/7"}

# fmt: off
WRONG = [
    ("vambe.update_amount", {**AMOUNT, "amount": "5"}, "amount", 'needs a number, this is text: add "| number"'),
    ("vambe.update_amount", {**AMOUNT, "amount": True}, "amount", "needs a number, this is true or false"),
    ("vambe.update_amount", {**AMOUNT, "amount": None}, "amount", "is null"),
    ("vambe.update_amount", {**AMOUNT, "amount": Decimal("NaN")}, "amount", "more digits than a JSON number"),
    ("vambe.update_amount", {**AMOUNT, "amount": 2**53 + 1}, "amount", "more digits than a JSON number"),
    ("vambe.update_amount", {"ticket_id": T}, "amount", "is required"),
    ("vambe.update_amount", {"amount": 1}, "ticket_id", "exactly one of ticket_id, ai_contact_id, contact_number"),
    ("vambe.update_amount", {**AMOUNT, "ai_contact_id": T}, "ai_contact_id", "cannot be combined with ticket_id"),
    ("vambe.update_amount", {**AMOUNT, "allow_closed_ticket": False}, "allow_closed_ticket", "cannot be combined with"),
    ("vambe.update_amount", {**AMOUNT, "ticket_id": T.upper()},
     "ticket_id", 'needs a UUID, but this text is not one: add "| uuid"'),
    ("vambe.update_amount", {"contact_number": "56912345678", "amount": 1}, "contact_number", "| e164('CL')"),
    ("vambe.update_amount", {**AMOUNT, "currency": "clp"}, "currency", '| upper'),
    ("vambe.update_amount", {**AMOUNT, "currency": ""}, "currency", "is empty"),
    ("vambe.update_amount", {**AMOUNT, "amout": 1}, "amout", "did you mean 'amount'"),
    ("vambe.update_metadata", {"ticket_id": T, "metadata": {"a": 5}}, "metadata.a", 'add "| string"'),
    ("vambe.update_metadata", {"ticket_id": T, "metadata": {}}, "metadata", "is empty"),
    ("vambe.update_metadata", {"ticket_id": T, "metadata": {"a": "b"}, "x": {"y": None}}, "x.y", "is null"),
    ("vambe.upsert_customer", {**CUSTOMER, "custom_field_values": [{"key": "a"}]},
     "custom_field_values.0.value", "is required"),
    ("vambe.upsert_customer", {**CUSTOMER, "custom_field_values": "a"}, "custom_field_values", "| split"),
    ("vambe.upsert_customer", {**CUSTOMER, "custom_field_values": [{"key": "a", "value": "b", "x": 1}]},
     "custom_field_values.0.x", "is unknown"),
    ("kapture.update_ticket", {"sub_status": "P"}, "ticket_id", "is required"),
    ("kapture.update_ticket", {**KAPTURE, "ticket_id": 7},
     "ticket_id", 'needs text, this is a number: add "| string", or write a literal in quotes'),
    ("kapture.update_ticket", {**KAPTURE, "comment": ""}, "comment", "is empty"),
    ("kapture.update_ticket", {**KAPTURE, "callback_time": "2026-05-03T18:30:00"}, "callback_time", "| datetime("),
    ("kapture.update_ticket", {**KAPTURE, "callback_time": "2026-02-30 18:30:00"}, "callback_time", "| datetime("),
    ("kapture.update_ticket", {**KAPTURE, "rca": [{"code": ""}]}, "rca.0.code", "is empty"),
    ("kapture.add_ticket", {"queue": "q"}, "title", "is required"),
    ("getfly.update_ticket", {"ticket_code": "A"}, "ticket_title", "at least one of"),
    ("getfly.update_ticket", {**GETFLY, "expected_at": "2025-1-1"}, "expected_at", "| date("),
    ("getfly.update_ticket", {**GETFLY, "emergency_phone": 123}, "emergency_phone", '| string'),
    ("getfly.update_ticket", {**GETFLY, "account_email": "[email protected]"}, "account_email", "| email"),
    ("getfly.update_ticket", {**GETFLY, "custom_fields": {"a": {"b": None}}}, "custom_fields.a.b", "is null"),
    ("getfly.update_ticket", {**GETFLY, "status": "x"}, "status", "did you mean 'status_name'"),
    ("getfly.create_ticket", {"account_code": "A"}, "ticket_title", "at least one of"),
    ("tolky.update_ticket", {"ticketId": T, "reason": "r"}, "subject", "at least one of"),
    ("tolky.update_ticket", {**TOLKY, "closed": "no"}, "closed", "compare it"),
    ("tolky.update_ticket", {**TOLKY, "importance": {"importance_level": 5}},
     "importance.importance_level", "4 or less"),
    ("tolky.update_ticket", {**TOLKY, "importance": {"importance_level": Decimal("1.5")}},
     "importance.importance_level", "| round(0)"),
    ("tolky.update_ticket", {**TOLKY, "assignedUser": {"name": "x"}}, "assignedUser.hostPeopleId", "is required"),
    ("tolky.update_ticket", {**TOLKY, "status": {"labell": "x"}}, "status.labell", "did you mean 'label'"),
    ("tolky.update_ticket", {**TOLKY, "status": {"tickets_levels_id": T}, "newLevel": "x"},
     "status.tickets_levels_id", "cannot be combined with newLevel"),
    ("tolky.update_ticket", {**TOLKY, "globalData": "x"}, "globalData", "| parse_json"),
    ("tolky.move_stage", {"ticketId": T}, "newLevel", "is required"),
    ("tolky.move_stage", {"ticketId": T, "newLevel": "x", "subject": "s"}, "subject", "is unknown"),
    ("kapture.get_ticket", {"ticket_ids": ["7"]}, "ticket_ids", "| join"),
    ("getfly.get_ticket", {"ticket_code": "A"}, "fields", "is required"),
    ("getfly.get_ticket", {"ticket_code": "A", "fields": ["a,b"]}, "fields.0", "one name in each entry"),
    ("tolky.get_tickets", {}, "ticketId", "exactly one of ticketId, leadId, conversationId"),
    ("tolky.get_tickets", {"leadId": "7", "conversationId": T}, "conversationId", "cannot be combined with leadId"),
    ("http.request", {"path": "/"}, "method", "is required"),
    ("http.request", {**HTTP, "method": "post"}, "method", "must be one of GET, POST"),
    ("http.request", {**HTTP, "query": {"a": {"b": 1}}}, "query.a", "this is a mapping"),
    ("http.request", {**HTTP, "query": {"a": 2**70 + 1}}, "query.a", "more digits"),
    ("http.request", {**HTTP, "body": 2**70 + 1}, "body", "send it as text"),
    ("http.request", {**HTTP, "body": "\ud800"}, "body", "half a character"),
    ("http.request", {**HTTP, "success": ["2xx"]}, "success.0", "or a range"),
    ("http.request", {**HTTP, "success": [True]}, "success.0", "or a range"),
    ("http.request", {**HTTP, "success": [200, 9000]}, "success.1", "from 100 to 599"),
    ("http.request", {**HTTP, "success": [99]}, "success.0", "from 100 to 599"),
    ("http.request", {**HTTP, "success": ["500-600"]}, "success.0", "from 100 to 599"),
    ("http.request", {**HTTP, "success": []}, "success", "is empty"),
    ("http.request", {**HTTP, "headers": {"a b": "x"}}, "headers.a b", "is not a header name"),
    ("http.request", {**HTTP, "headers": {"X-A": "b\r\nHost: evil"}}, "headers.X-A", "cannot be in a header"),
    ("http.request", {**HTTP, "headers": {"X-A": "b\n"}}, "headers.X-A", "cannot be in a header"),
    ("http.request", {**HTTP, "headers": {"X-A": "日"}}, "headers.X-A", "cannot be in a header"),
    ("http.request", {**HTTP, "headers": {"Authorization": "x"}}, "headers.Authorization", "write it under auth"),
    ("http.request", {**HTTP, "headers": {"Idempotency-KEY": "x"}}, "headers.Idempotency-KEY", "idempotency_key"),
]
# fmt: on


@pytest.mark.parametrize(("name", "fields", "path", "message"), WRONG)
def test_wrong_fields(name, fields, path, message):
    """A wrong field is reported alone, under its dotted path, with the fix."""
    problems = vendors.check_fields(contracted()[name], fields)
    assert list(problems) == [path]
    assert message in problems[path]


def test_every_operation_has_a_wrong_case():
    """No operation is without a case of fields that it refuses."""
    assert {name for name, *_ in WRONG} == contracted().keys()


@pytest.mark.parametrize(
    "name",
    "host Content-Length transfer-encoding Cookie connection te upgrade expect".split(),
)
def test_reserved_headers(name):
    """Headers of framing and identity cannot be set by a rule or a connection."""
    fields = {**HTTP, "headers": {name: "x"}}
    assert vendors.check_fields(vendors.operation("http.request"), fields)
    assert vendors.check_options(vendors.get("vambe"), {"headers": {name: "x"}})


@pytest.mark.parametrize(
    "path",
    [
        "tickets/7", "//evil.example/x", "/%2Fevil", "/\\evil", "/a/../b", "/a/..", "/./a", "/a/%2e%2e/b", "/a/%2E./b",
        "/a/%252e%252e/b", "/a\\..\\b", "/a%5c..", "/a\\b", "/a\nb", "/a%0d%0aHost:x", "/a%00", "/a?b=1", "/a#b",
        "/100%", "/\ud800",
        "http://evil.example/", "/a%c0%ae\x7f",
    ],
)  # fmt: skip
def test_paths_that_lead_elsewhere(path):
    """A payload's value in a path cannot leave the folder, the host or the line."""
    problems = vendors.check_fields(
        vendors.operation("http.request"), {**HTTP, "path": path}
    )
    assert list(problems) == ["path"]


@pytest.mark.parametrize("path", ["/", "/a..b/c", "/a%2Fb", "/a b/ü", "/x:y@z;1,2"])
def test_paths_that_are_fine(path):
    """Dots inside a name, escapes and other characters are ordinary."""
    fields = {**HTTP, "path": path}
    assert vendors.check_fields(vendors.operation("http.request"), fields) == {}


def test_all_problems_at_once():
    """Everything that is wrong is said in one go."""
    op = vendors.operation("vambe.update_amount")
    problems = vendors.check_fields(op, {"ticket_id": 5, "currency": 1, "x": 1})
    assert set(problems) == {"ticket_id", "currency", "x", "amount"}


def test_messages_hold_no_values():
    """A message never quotes what a payload brought."""
    op = vendors.operation("kapture.update_ticket")
    fields = {**KAPTURE, "callback_time": "s3cret", "queue": ["s3cret"]}
    assert "s3cret" not in str(vendors.check_fields(op, fields))


def test_names_alone():
    """Names are checked before anything is rendered, nested ones as dotted paths."""
    op = vendors.operation("tolky.update_ticket")
    assert vendors.check_names(op, ["ticketId", "status", "status.label"]) == {}
    assert vendors.check_names(op, ["ticketId", "status"]) == {}
    assert set(vendors.check_names(op, ["ticketId", "assignedUser.name"])) == {
        "assignedUser.hostPeopleId"
    }
    assert set(vendors.check_names(op, ["newLevel", "status.tickets_levels_id"])) == {
        "ticketId",
        "status.tickets_levels_id",
    }


def test_hints_of_open_operations():
    """A field that the bridge does not know is sent where the vendor takes such fields, with a hint."""
    op = vendors.operation("kapture.update_ticket")
    assert vendors.check_names(op, [*KAPTURE, "callback_date"]) == {}
    hints = vendors.hint_names(op, [*KAPTURE, "callback_date", "rca.0"])
    assert set(hints) == {"callback_date", "rca"}
    assert "did you mean 'callback_time'" in hints["callback_date"]
    assert vendors.hint_names(vendors.operation("getfly.update_ticket"), ["x"]) == {}


def test_ticket_of():
    """The first identifier that is present names the ticket; a call that makes one has none."""
    amount = vendors.operation("vambe.update_amount")
    assert amount.ticket_of({"contact_number": "+56912345678"}) == "+56912345678"
    assert vendors.operation("kapture.add_ticket").ticket_of({"title": "x"}) == ""


def test_unknown_names():
    """An unknown vendor or operation is an error with the closest or all choices."""
    with pytest.raises(UnknownName, match="did you mean 'vambe.update_amount'"):
        vendors.operation("vambe.update_amout")
    with pytest.raises(UnknownName, match="getfly, http, kapture, tolky, vambe"):
        vendors.get("zzz")


@pytest.mark.parametrize(
    ("name", "options", "path"),
    [
        ("vambe", {"base_urll": "x"}, "base_urll"),
        ("vambe", {"base_url": "ftp://x"}, "base_url"),
        ("vambe", {"base_url": "https://user:pass@x.example"}, "base_url"),
        ("vambe", {"base_url": "https://x.example/?a=1"}, "base_url"),
        ("vambe", {"country": "chile"}, "country"),
        ("vambe", {"rate": "5"}, "rate"),
        ("vambe", {"timeout": 31}, "timeout"),
        ("vambe", {"concurrency": 0}, "concurrency"),
        ("kapture", {"subdomain": "evil.example/"}, "subdomain"),
        ("kapture", {"body_style": "list"}, "body_style"),
        ("kapture", {"timezone": "IST +5:30"}, "timezone"),
        ("getfly", {"host": "https://acme.getflycrm.com"}, "host"),
        ("getfly", {"subdomain": "acme"}, "subdomain"),
    ],
)
def test_wrong_options(name, options, path):
    """A connection's unknown key or wrong value is reported under its name."""
    assert list(vendors.check_options(vendors.get(name), options)) == [path]


def test_options_with_references():
    """A reference is not resolved by a check; everything else beside it still is."""
    ref = SecretRef(kind="env", name="X")
    options = {"subdomain": ref, "headers": {"x-api-key": ref}, "rate": Decimal("0.5")}
    assert vendors.check_options(vendors.get("kapture"), options) == {}


def test_base_urls():
    """The connection's base URL wins; else the vendor's own address, filled from options."""
    url = "http://127.0.0.1:8080/vambe/"
    assert vendors.get("vambe").base_url({}) == "https://api.vambe.me"
    assert vendors.get("vambe").base_url({"base_url": url}) == url[:-1]
    acme = {"subdomain": Secret("acme")}
    assert vendors.get("kapture").base_url(acme) == "https://acme.kapturecrm.com"
    host = {"host": "acme.getflycrm.com"}
    assert vendors.get("getfly").base_url(host) == "https://acme.getflycrm.com"


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("http", {}, "write base_url"),
        ("kapture", {}, "needs subdomain or base_url"),
        ("kapture", {"subdomain": Secret("evil.example/x")}, "subdomain"),
        ("getfly", {"host": Secret("evil.example/@x")}, "host"),
        ("vambe", {"base_url": "https://x y"}, "base_url"),
    ],
)
def test_base_urls_that_lead_elsewhere(name, options, says):
    """A missing option, or one that a reference filled with another host, is refused without its value."""
    with pytest.raises(ConfigurationError, match=says) as caught:
        vendors.get(name).base_url(options)
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "auth", "headers"),
    [
        ("vambe", {"api_key": Secret("k1")}, (("x-api-key", "k1"),)),
        ("getfly", {"api_key": Secret("k1")}, (("x-api-key", "k1"),)),
        ("kapture", {"basic_token": Secret("k1")}, (("authorization", "Basic k1"),)),
        ("tolky", {"bearer": Secret("k1")}, (("authorization", "Bearer k1"),)),
        ("http", {}, ()),
        ("http", {"bearer": Secret("k1")}, (("authorization", "Bearer k1"),)),
        ("http", {"basic": {"username": "u", "password": Secret("pä")}}, (("authorization", "Basic dTpww6Q="),)),
        ("http", {"header": {"name": "X-Token", "value": Secret("k1")}}, (("X-Token", "k1"),)),
        ("http", {"oauth2": {"access_token": Secret("k1")}}, (("authorization", "Bearer k1"),)),
    ],
)  # fmt: skip
def test_credentials(name, auth, headers):
    """Resolved auth becomes exactly the header that the vendor documents."""
    made = vendors.get(name).credentials(auth)
    assert made == headers
    assert all(type(value) is str for _, value in made)


@pytest.mark.parametrize(
    ("name", "auth", "says"),
    [
        ("vambe", {}, "exactly one scheme"),
        ("vambe", {"bearer": Secret("hunter2")}, "does not support auth 'bearer': use api_key"),
        ("vambe", {"api_key": Secret("hunter2\nHost: x")}, "cannot be in a header"),
        ("kapture", {"basic_token": Secret("Basic hunter2")}, "drop the word"),
        ("http", {"basic": {"username": "hunter2:x", "password": Secret("p")}}, "colon"),
        ("http", {"basic": {"username": "u"}}, "auth.basic.password is missing"),
        ("http", {"header": {"name": "Host", "value": Secret("hunter2")}}, "only the bridge sets"),
        ("http", {"oauth2": {"client_id": "x"}}, "access_token is missing"),
    ],
)  # fmt: skip
def test_credentials_that_cannot_be_sent(name, auth, says):
    """What is missing, doubled or more than one header line is refused, and never shown."""
    with pytest.raises(ConfigurationError, match=says) as caught:
        vendors.get(name).credentials(auth)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "auth", "paths"),
    [
        ("vambe", {"api_key": SecretRef(kind="env", name="X")}, set()),
        ("vambe", {}, {""}),
        ("vambe", {"bearer": SecretRef(kind="env", name="X")}, {"bearer"}),
        ("vambe", {"api_key": {"a": 1}}, {"api_key"}),
        ("http", {}, set()),
        ("http", {"basic": {"username": "u", "pass": "p"}}, {"basic.password", "basic.pass"}),
        ("http", {"oauth2": {"token_url": "https://a.test/t", "client_id": "i", "client_secret": "s"}}, set()),
        ("http", {"bearer": "a", "basic": {}}, {""}),
    ],
)  # fmt: skip
def test_auth_shapes(name, auth, paths):
    """The shape of auth is checked before any secret is there."""
    assert set(vendors.check_auth(vendors.get(name), auth)) == paths


def test_idempotency_header():
    """Only http.request carries the delivery's idempotency key: no other vendor documents one."""
    found = {name: vendors.get(name).idempotency_header for name in vendors.names()}
    assert {name for name, header in found.items() if header} == {"http"}
