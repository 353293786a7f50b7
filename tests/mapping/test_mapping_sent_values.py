"""What leaves has the value that people mean: keys, paths, nulls, zones, spellings, phones and paragraphs."""

import unicodedata
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.mapping import build, route
from bridge.mapping.expressions import ExpressionError, Scope, compile_expression
from bridge.model import Event
from bridge.strict import json

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = """version: 1
source: { name: shop, provider: stripe, verify: { secret: { env: S } } }
"""
HTTP = """  - id: note
    target: http.request
    connection: { base_url: "https://api.test/v1" }
    fields:
      method: POST
"""
KAPTURE = """  - id: note
    target: kapture.update_ticket
    connection: { subdomain: acme, timezone: %s }
    auth: { basic_token: { env: K } }
    fields: { ticket_id: T1, sub_status: PS, callback_time: "%s" }
"""


def decide(rules, payload, **files):
    """What the one rule says to an event of this body."""
    loaded = build({"a.yaml": HEAD + rules, **files}, {})
    assert loaded.ruleset is not None, loaded.findings
    happened = Event(
        source="shop",
        event_id="evt_1",
        type="paid",
        occurred_at=NOW,
        received_at=NOW,
        payload=payload,
        headers={},
    )
    [decision] = route(happened, loaded.ruleset)
    return decision


def sent(rule, payload):
    """The one call that a rule wants made."""
    decision = decide("rules:\n" + rule, payload)
    assert decision.diagnostic is None, decision.diagnostic
    [rendered] = decision.rendered
    return rendered.call


def said(rule, payload):
    return decide("rules:\n" + rule, payload).said.value


def path_of(written, **payload):
    call = sent(HTTP + f"      path: {written!r}\n", payload)
    return call.path.removeprefix("/v1")


def body_of(written, **payload):
    call = sent(HTTP + f"      path: /x\n      body: {written}\n", payload)
    return json.loads(call.body)


def findings(rules):
    loaded = build({"a.yaml": HEAD + rules}, {})
    return [
        (found.code, found.help or "")
        for found in loaded.findings
        if found.code[0] != "W"
    ]


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names))


def code(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("50%", "50%25"),
        ("Não lido", "N%C3%A3o%20lido"),
        ("INV:7;x=1", "INV:7;x=1"),
    ],
)
def test_a_value_in_a_path_is_one_segment(text, shown):
    """What would end a segment, or begin a query, is data there."""
    assert path_of("/orders/{{ event.n }}/notes", n=text) == f"/orders/{shown}/notes"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_any_text_comes_back_out_of_its_segment(text):
    """No value makes a segment more, and the receiver reads what was sent."""
    assume("\\" not in text and text not in (".", ".."))  # these are refused
    path = path_of("/o/{{ event.n }}/x", n=text)
    assert [unquote(part) for part in path.split("/")] == ["", "o", text, "x"]


def test_a_path_that_is_one_value_is_taken_as_it_is():
    """The rule wrote nothing around it, so it is a path and no segment."""
    assert path_of("{{ event.p }}", p="/orders/7") == "/orders/7"


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ('{ "{{ event.k }}": 1 }', {"total": 1}),
        (
            '{ fields: { "cf_{{ event.k }}": "{{ event.n }}", b: 2 } }',
            {"fields": {"cf_total": 7, "b": 2}},
        ),
        ('[ { "{{ event.k | upper }}": x } ]', [{"TOTAL": "x"}]),
    ],
)
def test_a_key_may_be_an_expression(written, made):
    """At any depth, beside keys that are written out."""
    assert body_of(written, k="total", n=7) == made


def test_a_key_that_is_given_twice_is_an_error():
    """One of the two values would be lost without a word."""
    rule = HTTP + '      path: /x\n      body: { total: 1, "{{ event.k }}": 2 }\n'
    assert said(rule, {"k": "other"}) == "matched"
    assert said(rule, {"k": "total"}) == "error"


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("{ owner: null, list: [1, null] }", {"owner": None, "list": [1, None]}),
        ('{ owner: "{{ event.owner }}" }', {"owner": None}),
        ('{ a: { b: "{{ none }}", c: "{{ omit }}" } }', {"a": {"b": None}}),
    ],
)
def test_null_is_a_value_inside_a_body(written, made):
    """An API that clears a field by null can be asked to; what is to be left out says omit."""
    assert body_of(written, owner=None) == made


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ('{ a: "{{ event.q }}" }', b"a=x%26b%3Dc+d%2F%C3%A9"),
        (
            '{ "a b": 1, ok: true, tags: ["{{ event.q }}", y] }',
            b"a+b=1&ok=true&tags=x%26b%3Dc+d%2F%C3%A9&tags=y",
        ),
        ("{ n: 12.50 }", b"n=12.5"),
        ('{ a: "{{ event.none | default(omit) }}", b: c }', b"b=c"),
    ],
)
def test_a_form_is_made_of_pairs(written, made):
    """No value makes a field more; a list repeats its name."""
    call = sent(HTTP + f"      path: /x\n      form: {written}\n", {"q": "x&b=c d/é"})
    assert call.body == made
    assert ("content-type", "application/x-www-form-urlencoded") in call.headers


def test_a_request_has_a_body_or_a_form():
    """Both together are a mistake of the file."""
    rule = HTTP + "      path: /x\n      body: a\n      form: { a: b }\n"
    assert findings("rules:\n" + rule)


def test_null_is_no_value_of_a_field():
    """A ticket system's field, and a body as a whole, are never null."""
    rule = HTTP + "      path: /x\n      body: null\n"
    assert "M102" in [code for code, _ in findings("rules:\n" + rule)]
    for written in ('path: "{{ event.p }}"', 'path: /x\n      body: "{{ event.p }}"'):
        assert said(HTTP + f"      {written}\n", {"p": None}) == "error"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Kolkata", "2026-03-01 17:30:00"),
        ("America/Bogota", "2026-03-01 07:00:00"),
        ("UTC", "2026-03-01 12:00:00"),
    ],
)
def test_a_connection_zone_is_that_of_its_times(zone, shown):
    """date and datetime write in it, unless they name a zone themselves."""
    write = "{{ '2026-03-01T12:00:00Z' | datetime('%Y-%m-%d %H:%M:%S') }}"
    [fields] = json.loads(sent(KAPTURE % (zone, write), {}).body)
    assert fields["callback_time"] == shown
    named = write.replace("%S'", "%S', 'Asia/Tokyo'")
    [fields] = json.loads(sent(KAPTURE % (zone, named), {}).body)
    assert fields["callback_time"] == "2026-03-01 21:00:00"


@pytest.mark.parametrize(
    ("zone", "proposal"),
    [
        ("IST", "Asia/Kolkata"),
        ("BRT", "America/Sao_Paulo"),
        ("CLT", "America/Santiago"),
        ("ICT", "Asia/Ho_Chi_Minh"),
        ("VET", "America/Caracas"),
        ("PHT", "Asia/Manila"),
        ("GMT-3", "'Etc/GMT+3'"),
        ("UTC+7", "'Etc/GMT-7'"),
        ("utc-03:00", "'Etc/GMT+3'"),
        ("GMT+5:30", "use a name like"),
        ("Asia/Calcuta", "Asia/Calcutta"),
    ],
)
def test_a_zone_that_is_none_is_found_with_what_was_meant(zone, proposal):
    """Letters that stand for a zone get its name, never that of another one with like letters."""
    found = findings("rules:\n" + KAPTURE % (zone, "2026-03-01 12:00:00"))
    assert [(code, proposal in help) for code, help in found] == [("M102", True)]


TABLES = """tables:
  owner: { csv: t.csv, key: name, value: id }
rules:
""" + HTTP + """      path: /x
      body: { id: "{{ event.n | lookup('owner') }}" }
"""  # fmt: skip


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_two_spellings_of_a_name_find_one_row(form, asked, sign):
    """A table from a Mac and an event from anywhere mean the same letters; spreadsheets separate by what they like."""
    table = unicodedata.normalize(form, f"name{sign}id\r\nJosé{sign}7\r\n")
    name = unicodedata.normalize(asked, "José")
    [rendered] = decide(TABLES, {"n": name}, **{"t.csv": table}).rendered
    assert json.loads(rendered.call.body) == {"id": "7"}


def test_two_spellings_of_one_key_are_found():
    """Which row counts would be chance."""
    nfd = unicodedata.normalize("NFD", "José")
    text = (
        f"tables:\n  t: {{ José: 1, {nfd}: 2 }}\nrules:\n" + HTTP + "      path: /x\n"
    )
    assert "M109" in [code for code, _ in findings(text)]


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+56 9 1234 5678", None, "+56912345678"),
        ("+5215512345678", None, "+525512345678"),
        ("5215512345678", "MX", "+525512345678"),
        ("551188887777", "BR", "+5511988887777"),
        ("+551188887777", None, "+5511988887777"),
        ("+54 9 11 2345-6789", None, "+5491123456789"),
        ("+56912340000", "CL", "+56912340000"),
    ],
)
def test_numbers_that_can_be_dialled_are_kept(text, country, number):
    """One that has its country code is taken where it is possible; WhatsApp's old forms become today's."""
    asked = f"t | e164('{country}')" if country else "t | e164"
    assert value(asked, t=text) == number


@pytest.mark.parametrize(
    "text",
    [
        "+56 CALL ME NOW",
        "+1800FLOWERS",
        "tel:+56912345678",
        "+569" + "1" * 60,
        "+56",
        "0" * 10_000,
    ],
)
def test_text_that_is_no_number_is_refused(text):
    """Letters are not dialled for anybody, and what is too long is not read."""
    assert code("t | e164", t=text) == "E309"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("a<br/>b<BR >c", "a\nb\nc"),
        ("<b>bo</b>ld <i>text</i>", "bold text"),
        ("<div>\n  <p>x &amp; y</p>\n</div>", "x & y"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        (" a \t\r\n\n \f b\xa0\n c", "a\nb\xa0\nc"),
    ],
)
def test_paragraphs_stay_apart(html, text):
    """A line for what a browser shows on a line of its own; words inside a line are not torn."""
    assert value("t | strip_tags", t=html) == text


def test_either_identifier_may_be_left_out():
    """Two that cannot stand beside each other pass check where one of them is there only without the other."""
    rule = """rules:
  - id: note
    target: vambe.update_amount
    auth: { api_key: { env: K } }
    fields:
      ticket_id: "{{ event.ticket | default(omit) }}"
      contact_number: "{{ omit if event.ticket is present else event.phone }}"
      amount: 5
"""
    assert findings(rule) == []
    certain = rule.replace("event.ticket | default(omit)", "event.ticket")
    certain = certain.replace("omit if event.ticket is present else ", "")
    assert findings(certain) != []
