"""What senders put into bodies, all the way through real processes: store, terminal, log, and the call to a vendor."""

import hmac
import json
from functools import partial

import pytest
import requests
from click.testing import CliRunner
from rawsockets import events, rows
from running import SECRET, bridge, eventually, post, settled, taken

from bridge.cli import cli
from bridge.sandbox import DEFAULT_CREDENTIALS

FORM = "application/x-www-form-urlencoded"
MAPPING = """
version: 1
source: { name: stripe, verify: { secret: { env: STRIPE_WEBHOOK_SECRET } } }
rules:
  - id: forward
    target: http.request
    connection: { base_url: "https://example.com" }
    auth: { bearer: { env: VAMBE_API_KEY } }
    fields: { method: POST, path: /notes, body: { note: "{{ event.note }}" } }
"""
ERP = """
version: 1
source:
  name: erp
  provider: generic
  verify: { scheme: hmac, header: X-Signature, signed: [raw], secret: { env: STRIPE_WEBHOOK_SECRET } }
  event: { id: body.id }
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory, vendors):
    folder = tmp_path_factory.mktemp("parsing")
    with bridge(folder, vendors, DEFAULT_CREDENTIALS, MAPPING) as made:
        (folder / "mappings" / "erp.yaml").write_text(ERP)
        made.start()
        yield made


def note(id, text):
    """A Stripe event around the source text of one JSON value."""
    return b'{"id":"%s","type":"note","created":1,"note":%s}' % (id.encode(), text)


def row(running, id):
    """The event's row once it is routed."""

    def routed():
        found = [one for one in rows(running) if one["event_id"] == id]
        return found and found[0]["state"] != "stored" and found[0]

    return eventually(routed)


def shown(running, id):
    """What the terminal says of an event and of what became of it."""
    number = str(row(running, id)["id"])
    commands = (["events", "show", number], ["why", number], ["deliveries", "list"])
    terminal = CliRunner(env=running.environ)
    said = [terminal.invoke(cli, command) for command in commands]
    assert [one.exception for one in said] == [None] * len(said)
    return "".join(one.stdout for one in said)


def bodies(sandbox):
    """What the vendor was sent so far: calls of the tests before may still be on their way."""
    return [json.loads(call.body.decode("utf-8")) for call in sandbox.calls("http")]


@pytest.mark.parametrize(
    ("levels", "status"), [(63, 202), (64, 400), (1_000, 400), (300_000, 400)]
)
def test_depth(running, levels, status):
    """T-17: 64 levels are read, one more is refused, and no depth is a crash."""
    body = note(f"evt_deep_{levels}", b"[" * levels + b"]" * levels)
    assert settled(lambda: post(running.url, body).status_code) == status


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (b"9" * 1_000, 202), (b"9" * 1_001, 400), (b"9" * 500_000, 400), (b"1e1000", 202), (b"1e1001", 400),
        (b"1E99999999999999999999", 400), (b"0." + b"0" * 500_000 + b"1", 400),
    ],
    ids=lambda it: str(it)[:12],
)  # fmt: skip
def test_huge_numbers(running, number, status):
    """T-18: numbers up to 1,000 digits are exact, longer ones are refused before they cost anything.

    To read half a million digits takes seconds, each time; a busy machine is slow once.
    """
    sent = note(f"evt_n{len(number)}{number[-5:].decode()}", number)
    assert settled(lambda: post(running.url, sent).status_code) == status
    answers = [post(running.url, sent) for _ in range(3)]
    assert min(one.elapsed.total_seconds() for one in answers) < 1


def test_long_number_reaches_the_terminal_not_the_vendor(running, sandbox):
    """T-18: an integer that no double holds is kept digit by digit, and never sent as another number."""
    taken(running.url, note("evt_long", b"12345678901234567890123"))
    assert "cannot carry this value exactly" in shown(running, "evt_long")
    assert not [call for call in sandbox.calls("http") if b"1234567890123" in call.body]


def test_nul_from_body_to_vendor(running, sandbox):
    """T-19 T-22: a NUL goes through the store and arrives at the vendor as the character that was sent."""
    taken(running.url, note("evt_nul", rb'"a\u0000b"'))
    assert eventually(lambda: {"note": "a\x00b"} in bodies(sandbox))
    assert not [call for call in sandbox.calls("http") if b"\x00" in call.body]


def test_lone_surrogate_from_body_to_vendor(running, sandbox):
    """T-19 T-22: half a character is kept, and what is sent of it is valid UTF-8 with its escape, or nothing."""
    taken(running.url, note("evt_half", rb'"a\ud800b"'))
    taken(running.url, note("evt_whole", rb'"\ud83d\ude00"'))
    assert row(running, "evt_half")["state"] == "routed"
    assert eventually(lambda: {"note": "\U0001f600"} in bodies(sandbox))


@pytest.mark.parametrize(
    "odd", [rb"\u0000", rb"\ud800", rb"\u001b[2J", rb"\u202e", rb"\n"]
)
def test_odd_characters_in_an_id(running, odd):
    """T-20: an id that no column should hold is replaced by a hash, and no page shows it as it is."""
    body = b'{"id":"evt%s","type":"t%s","created":2,"note":"x"}' % (odd, odd)
    (number,) = taken(running.url, body).json()["events"]
    (id,) = [one["event_id"] for one in rows(running) if one["id"] == number]
    assert id.startswith("sha256:")
    said = shown(running, id)
    assert not set(json.loads(b'"%s"' % odd)[:1]) & set(said.replace("\n", ""))


def test_odd_characters_in_the_log(running):
    """T-21: every line of the log is one whole line of printable text, whatever was sent."""
    post(running.url, note("evt_log\\u0000\\ud800\\u001b[2J\\n{forged: 1}", b"1"))
    post(running.url, b"{}", source="x%0a%7b%22forged%22%3a1%7d%1b%5b2J")
    lines = running.log.read_text("utf-8").splitlines()
    assert not [line for line in lines if "forged" in line.partition(" ")[0]]
    assert not [line for line in lines if set(line) & set("\x00\x1b")]
    assert "Traceback" not in running.log.read_text("utf-8")


def signed(running, body, content_type):
    """The status of a signed post at the source that takes JSON and forms."""
    headers = {"X-Signature": hmac.new(SECRET.encode(), body, "sha256").hexdigest()}
    if content_type is not None:
        headers["Content-Type"] = content_type
    url = f"{running.url}/hooks/erp"
    asking = partial(requests.post, url, data=body, headers=headers, timeout=60)
    return settled(lambda: asking().status_code)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b'{"id":"t1"}', 202),
        ("APPLICATION/JSON; Charset=UTF-8", b'{"id":"t2"}', 202),
        ("application/vnd.api+json", b'{"id":"t3"}', 202),
        (None, b'{"id":"t4"}', 202),
        (FORM, b"id=t5", 202),
        ("application/json", b"id=t6", 400),
        (FORM, b"\xff=1", 400),
        ("text/plain", b'{"id":"t7"}', 202),
        ("text/plain", b"id=t7", 400),
        ("text/html", b'{"id":"t8"}', 415),
        ("multipart/form-data; boundary=x", b"--x--", 400),
        ("application/xml", b"<a/>", 415),
        ("application/jsonp", b'{"id":"t9"}', 415),
        ("application/json, text/html", b'{"id":"t10"}', 415),
        ("*/*", b'{"id":"t11"}', 415),
        ("json", b'{"id":"t12"}', 415),
    ],
)
def test_content_type_confusion(running, content_type, body, status):
    """T-23: a body is read as what its head says it is, or not at all; nothing is guessed from its bytes."""
    assert signed(running, body, content_type) == status


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "utf-7", ""])
def test_charset_confusion(running, charset):
    """T-24: UTF-8, of which ASCII is a part, is the only charset: no filter before the bridge read another text."""
    assert signed(running, b'{"id":"c"}', f"application/json; charset={charset}") == 415
    assert signed(running, '{"id":"c"}'.encode("utf-16"), "application/json") == 400


@pytest.mark.parametrize(
    ("parts", "status"), [(1_000, 202), (1_001, 400), (100_000, 400)]
)
def test_form_parts(running, parts, status):
    """T-25: a form of 1,000 parts is read, one of 1,001 is refused."""
    body = b"&".join(b"p%d=1" % number for number in range(parts))
    assert signed(running, body, FORM) == status


@pytest.mark.parametrize(
    "body", [b'{"id":"d1","id":"d2"}', rb'{"id":"d1","\u0069d":"d3"}', b'{"id":"d4","a":{"b":1,"b":2}}']
)  # fmt: skip
def test_duplicate_keys(running, body):
    """T-26: of two values under one key the last counts, at any depth and in any spelling, and the trace says so."""
    assert signed(running, body, "application/json") == 202
    assert "a key twice: the last one counts" in " ".join(
        shown(running, json.loads(body)["id"]).split()
    )


def test_form_with_a_field_twice(running):
    """T-26: a form's field that is there twice is a list, so it is no id: neither the first nor the last wins."""
    body = b"id=f1&id=f2"
    assert signed(running, body, FORM) == 202
    assert not {"f1", "f2"} & set(events(running))
