"""Checks of the URL that a mapping file describes: what each kind of sender asks, and what strangers are not told."""

import base64
import hashlib
import hmac
import json
from importlib import import_module
from urllib.parse import urlencode

import pytest
from fronts import RULES, set_secrets

from bridge.app import hooks_app
from bridge.mapping.reading.load import load
from bridge.providers import asymmetric
from bridge.services.parts import Parts
from bridge.services.rulesets import Rules
from bridge.settings import Settings
from bridge.store import views

SECRET = "of-the-sender"
TOKEN = "{ scheme: token, query: key, secret: { env: SENDER } }"
SIGNED = "{ scheme: hmac, header: X-Sig, secret: { env: SENDER } }"


def source(handshake, verify=SIGNED):
    return f"""
version: 1
source:
  name: x
  provider: generic
  verify: {verify}
  event: {{ id: body.id }}
  handshake: {handshake}
{RULES}"""


@pytest.fixture
def front(sqlite, tmp_path, monkeypatch):
    """A client of a receiver with one source `x`."""
    set_secrets(monkeypatch)
    monkeypatch.setenv("SENDER", SECRET)

    def made(handshake, verify=SIGNED):
        (tmp_path / "x.yaml").write_text(source(handshake, verify))
        rules = Rules(sqlite, tmp_path)
        parts = Parts(settings=Settings(), database=sqlite, rules=rules)
        return hooks_app(parts).test_client()

    return made


def asking(**query):
    return f"/hooks/x?{urlencode(query)}"


def stored(database):
    with database.read() as connection:
        return views.count_unrouted(connection)


def proof(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, "sha256").hexdigest()


GRAPH = (
    "{ when: { method: POST }, text: { from: query.validationToken, spaces: true } }"
)


@pytest.mark.parametrize(
    "token",
    [
        "Validation: Testing client application reachability for id: 4f",
        "a+b&c<b>d",
        "x",
    ],
)
def test_a_sentence_is_given_back_decoded_and_as_text(front, sqlite, token):
    """Microsoft Graph's check: the decoded words, as plain text that no browser takes for a page."""
    answer = front(GRAPH).post(asking(validationToken=token))
    assert (answer.status_code, answer.text) == (200, token)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert stored(sqlite) == 0


@pytest.mark.parametrize("token", ["", " a", "a ", "a\nb", "é", "x" * 513, "a\tb"])
def test_a_sentence_is_short_and_plain(front, token):
    """Only what can stand in one line of plain text is given back to a stranger."""
    answer = front(GRAPH).post(asking(validationToken=token))
    assert answer.status_code == 401


def test_without_leave_no_spaces_are_given_back(front):
    """A word is what a check echoes, unless the source says that it is a sentence."""
    client = front("{ when: { method: GET }, text: query.challenge }")
    assert client.get("/hooks/x?challenge=a%20b").status_code == 401
    assert client.get("/hooks/x?challenge=ab").text == "ab"


PING = "{ when: { body.type: 1 }, signed: true, json: { type: 1, ok: true, said: { text: pong } } }"


@pytest.mark.parametrize("body", [b'{"type":1}', b'{"type": 1, "id": "7"}'])
def test_a_signed_check_is_proven_first_and_then_answered(front, sqlite, body):
    """Discord's PING: numbers and flags stand in the answer as they are written; a stranger is refused as usual."""
    client = front(PING)
    good = client.post("/hooks/x", data=body, headers={"X-Sig": proof(body)})
    assert (good.status_code, good.json) == (
        200,
        {"type": 1, "ok": True, "said": "pong"},
    )
    for odd in ({}, {"X-Sig": proof(body + b" ")}):
        assert client.post("/hooks/x", data=body, headers=odd).status_code == 401
    other = b'{"type":2,"id":"9"}'
    taken = client.post("/hooks/x", data=other, headers={"X-Sig": proof(other)})
    assert (taken.status_code, stored(sqlite)) == (202, 1)


@pytest.mark.parametrize("shape", ["raw", "web"])
def test_discord_is_asked_with_a_key_in_hex(front, monkeypatch, shape):
    """Verify first, then answer: Ed25519 over the time and the body, by the key as Discord's page shows it."""
    private, public = asymmetric.made("ed25519")
    form = import_module("cryptography.hazmat.primitives.serialization")
    key = form.load_pem_public_key(public.encode())
    raw = key.public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    web = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": x})
    monkeypatch.setenv("SENDER", raw.hex() if shape == "raw" else web)
    verify = (
        "{ scheme: asymmetric, algorithm: ed25519, encoding: hex, header: X-Signature-Ed25519,"
        " signed: [header.X-Signature-Timestamp, raw], secret: { env: SENDER } }"
    )
    client = front(
        "{ when: { body.type: 1 }, signed: true, json: { type: 1 } }", verify
    )
    body, stamp = b'{"type":1}', "1775044800"
    made = asymmetric.signed("ed25519", private.encode(), stamp.encode() + body)
    for signature, status in ((made, 200), (made[:-1] + bytes([made[-1] ^ 1]), 401)):
        headers = {
            "X-Signature-Ed25519": signature.hex(),
            "X-Signature-Timestamp": stamp,
        }
        answer = client.post("/hooks/x", data=body, headers=headers)
        assert answer.status_code == status


CRC = (
    "{ when: { method: GET }, json: { response_token:"
    ' { hmac: query.crc_token, encoding: base64, prefix: "sha256=" } } }'
)


@pytest.mark.parametrize(
    "token", ["9b4507b3-9040-4669-9ca3-6b94edb50553", "Zm9vYmFy+/w==", "x"]
)
def test_a_keyed_hash_has_the_form_that_is_asked_for(front, token):
    """X's check: base64 after a prefix."""
    answer = front(CRC).get(asking(crc_token=token))
    made = hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).digest()
    wanted = "sha256=" + base64.b64encode(made).decode()
    assert (answer.status_code, answer.json) == (200, {"response_token": wanted})


@pytest.mark.parametrize("token", ['{"id":"1"}', "a b", "a=b", "==", "a:b", ""])
def test_what_could_be_an_event_is_never_hashed(front, token):
    """A stranger who has a body hashed could send it as an event."""
    answer = front(CRC).get(asking(crc_token=token))
    assert answer.status_code == 401


GRID = (
    "{ when: { method: OPTIONS }, headers: { WebHook-Allowed-Origin: header.WebHook-Request-Origin,"
    ' WebHook-Allowed-Rate: { text: "120" } } }'
)


@pytest.mark.parametrize("origin", ["eventgrid.azure.net", "eventemitter.example.com"])
def test_a_check_by_options(front, sqlite, origin):
    """CloudEvents' check of abuse: OPTIONS is answered where a source says so, and is never an event."""
    client = front(GRID, TOKEN)
    answer = client.options("/hooks/x", headers={"WebHook-Request-Origin": origin})
    assert answer.status_code == 200
    assert answer.headers["WebHook-Allowed-Origin"] == origin
    assert answer.headers["WebHook-Allowed-Rate"] == "120"
    bare = client.options(f"/hooks/x?key={SECRET}", data=b'{"id":"1"}')
    assert (bare.status_code, bare.headers["Allow"]) == (405, "POST, GET, HEAD")
    assert client.options("/hooks/nobody").status_code == 405
    assert stored(sqlite) == 0


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH"])
def test_other_methods_stay_shut_where_no_source_opens_them(front, method):
    """A method that no check is described for is answered 405, as by a source that is not there."""
    client = front("{ when: { method: HEAD } }", TOKEN)
    here, nowhere = (
        client.open(f"/hooks/{name}", method=method) for name in ("x", "nobody")
    )
    assert (here.status_code, here.data) == (405, nowhere.data)


def test_a_check_by_head(front, sqlite):
    """Trello asks by HEAD and waits for a 200; GET is no such check."""
    client = front("{ when: { method: HEAD } }")
    assert client.head("/hooks/x").status_code == 200
    assert client.get("/hooks/x").status_code == 401
    assert stored(sqlite) == 0


def test_several_checks_of_one_sender(front):
    """Each has its own answer; the first that is asked for counts, and one that is signed needs its proof."""
    client = front(
        "[{ when: { method: GET }, text: query.challenge },"
        " { when: { method: HEAD } },"
        " { when: { body.type: ping }, signed: true, status: 204 }]"
    )
    assert client.get("/hooks/x?challenge=7").text == "7"
    assert client.head("/hooks/x").status_code == 200
    body = b'{"type":"ping"}'
    assert client.post("/hooks/x", data=body).status_code == 401
    good = client.post("/hooks/x", data=body, headers={"X-Sig": proof(body)})
    assert (good.status_code, good.data) == (204, b"")


@pytest.mark.parametrize(
    "handshake",
    [
        "[]",
        "[{}]",
        "{ when: { method: GET }, text: { from: query.a, hmac: query.b } }",
        "{ when: { method: GET }, text: { from: query.a, encoding: base64 } }",
        "{ when: { method: GET }, text: { hmac: query.a, encoding: text } }",
        '{ when: { method: GET }, text: { hmac: query.a, prefix: "a\\r\\nb" } }',
        "{ when: { method: GET }, text: { from: query.a, like: '(' } }",
        "{ when: { method: GET }, status: 301 }",
        "{ when: { body.type: null } }",
        "{ when: { body.type: [] } }",
        "{ text: query.a }",
        "GET",
    ],
)
def test_what_no_check_can_be_is_a_finding(tmp_path, handshake):
    """`bridge check` says so where it stands, before any sender asks."""
    (tmp_path / "x.yaml").write_text(source(handshake))
    found = load(tmp_path, {}).findings
    errors = [one for one in found if one.severity == "error"]
    assert errors and all(one.place and one.place.file == "x.yaml" for one in errors)
