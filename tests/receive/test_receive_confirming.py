"""A sender that wants to be asked back: proven first, at its own hosts alone, and not answered before it was asked."""

import hmac
import json
from ipaddress import ip_network

import pytest
from fronts import set_secrets
from pages import serving

from bridge.app import hooks_app
from bridge.mapping.reading.load import load
from bridge.services.parts import Parts
from bridge.services.rulesets import Rules
from bridge.settings import Settings
from bridge.store import views

SECRET = "of-the-sender"
LOOPBACK = (ip_network("127.0.0.0/8"),)
SOURCE = """
version: 1
source:
  name: x
  provider: generic
  verify: {{ scheme: hmac, header: X-Sig, secret: {{ env: SENDER }} }}
  event: {{ id: body.id, type: body.type }}
  handshake:
    when: {{ body.type: confirm }}
    {signed}
    confirm: {{ get: body.ask, hosts: [{host}] }}
rules:
  - id: some-rule
    events: [never]
    target: vambe.update_amount
    auth: {{ api_key: {{ env: VAMBE_API_KEY }} }}
    fields: {{ ticket_id: "{{{{ event.ticket | uuid }}}}", amount: 1, currency: CLP }}
"""
ASK = "/?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns%3Ax%3A1%3AT&Token=a-b"


@pytest.fixture
def server():
    with serving() as found:
        yield found


@pytest.fixture
def client(sqlite, tmp_path, monkeypatch, server):
    set_secrets(monkeypatch)
    monkeypatch.setenv("SENDER", SECRET)
    text = SOURCE.format(host=server.host, signed="signed: true")
    (tmp_path / "x.yaml").write_text(text)
    rules = Rules(sqlite, tmp_path)
    settings = Settings(allowed_networks=LOOPBACK)
    parts = Parts(settings=settings, database=sqlite, rules=rules)
    return hooks_app(parts).test_client()


def post(client, body, *, proven=True):
    raw = json.dumps(body).encode()
    made = hmac.new(SECRET.encode(), raw, "sha256").hexdigest()
    headers = {"X-Sig": made if proven else "0" * 64}
    return client.post("/hooks/x", data=raw, headers=headers)


def kept(database):
    with database.read() as connection:
        return views.count_unrouted(connection)


@pytest.mark.parametrize(
    "written", [ASK, ASK.replace("%3A", ":"), "/confirm", "/a/b?x=1&x=2&y="]
)
def test_the_sender_is_asked_back_and_then_answered(client, server, sqlite, written):
    """Amazon SNS: the address that a proven check names is asked by GET, with its query; nothing is stored."""
    asked = ASK if "Action" in written else written
    server.pages[asked] = (200, b"<ConfirmSubscriptionResponse/>")
    answer = post(client, {"type": "confirm", "ask": server.url + written})
    assert (answer.status_code, answer.data) == (200, b"")
    assert server.asked == {asked: 1} and kept(sqlite) == 0


def test_a_stranger_makes_the_bridge_ask_nobody(client, server):
    """Without a proof no address is asked, whatever it is."""
    answer = post(client, {"type": "confirm", "ask": server.url + ASK}, proven=False)
    assert answer.status_code == 401 and not server.asked


@pytest.mark.parametrize(
    "ask",
    [
        "http://localhost:{port}/x",
        "http://{host}@evil.example/x",
        "http://{host}.evil.example/x",
        "http://127.0.0.1/x",
        "file:///etc/passwd",
        "x",
        "",
        7,
        None,
    ],
)
def test_a_check_that_names_another_host_is_kept_as_an_event(
    client, server, sqlite, ask
):
    """It is proven and no check that can be answered: a person sees what it was; nobody is asked."""
    if isinstance(ask, str):
        ask = ask.format(host=server.host, port=server.host.partition(":")[2])
    answer = post(client, {"type": "confirm", "ask": ask, "id": "1"})
    assert answer.status_code == 202
    assert not server.asked and kept(sqlite) == 1


@pytest.mark.parametrize("status", [302, 403, 500])
def test_who_cannot_be_asked_checks_again(client, server, sqlite, status):
    """A confirmation that fails is no success: 503, so that the sender asks once more, and a redirect leads nowhere."""
    server.pages["/x"] = (status, server.url.encode() + b"/y")
    answer = post(client, {"type": "confirm", "ask": f"{server.url}/x"})
    assert answer.status_code == 503 and server.asked == {"/x": 1}
    server.pages["/x"] = (200, b"")
    answer = post(client, {"type": "confirm", "ask": f"{server.url}/x"})
    assert answer.status_code == 200


def test_other_events_are_events(client, server, sqlite):
    """What is no check is stored, whatever address it holds."""
    body = {"type": "order", "id": "1", "ask": f"{server.url}/x"}
    assert post(client, body).status_code == 202
    assert not server.asked and kept(sqlite) == 1


@pytest.mark.parametrize(
    "signed, host",
    [
        ("", "keys.example.com"),
        ("signed: false", "keys.example.com"),
        ("signed: true", "'*'"),
        ("signed: true", "'*.com'"),
        ("signed: true", "https://keys.example.com"),
    ],
)
def test_whom_to_ask_is_never_a_strangers_choice(tmp_path, signed, host):
    """`bridge check` refuses a confirmation that anybody could set off, or to any host."""
    (tmp_path / "x.yaml").write_text(SOURCE.format(host=host, signed=signed))
    found = load(tmp_path, {}).findings
    assert [one.code for one in found if one.severity == "error"] == ["M102"]
