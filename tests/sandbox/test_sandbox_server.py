"""The sandbox as a server: faults on a real socket, the control API, the page, and a process patched by gevent."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests
from running import eventually

from bridge.sandbox import Fault, create_sandbox
from bridge.sandbox.server import SandboxServer

PATH = "/vambe/api/public/ticket/amount"
TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
BODY = {"ticket_id": TICKET, "amount": 5}
KEY = {"x-api-key": "sandbox-vambe-key"}
JSON = {"Content-Type": "application/json", **KEY}


@pytest.fixture
def delays(monkeypatch):
    """Sets what a delayed call does instead of sleeping."""

    def use(wait):
        monkeypatch.setattr("bridge.sandbox.time", SimpleNamespace(sleep=wait))

    return use


def post(sandbox, body=BODY):
    return requests.post(sandbox.url + PATH, json=body, headers=KEY, timeout=60)


def order(sandbox, what, **body):
    return requests.post(f"{sandbox.url}/_sandbox/{what}", json=body, timeout=60)


def test_a_status_fault_applies_nothing(sandbox):
    """An ordered status is answered with its headers and body, as often as it was ordered."""
    sandbox.fault("vambe", status=503, headers={"Retry-After": "7"}, body="x", count=2)
    for _ in range(2):
        answer = post(sandbox)
        assert (answer.status_code, answer.text) == (503, "x")
        assert answer.headers["Retry-After"] == "7"
    assert sandbox.tickets("vambe") == {}
    assert post(sandbox).status_code == 200
    assert [call.status for call in sandbox.calls()] == [503, 503, 200]


def test_garbage(sandbox):
    """A login page comes with 200 and applies nothing."""
    sandbox.fault("vambe", garbage=True)
    answer = post(sandbox)
    assert answer.status_code == 200 and answer.text.startswith("<!doctype html>")
    assert sandbox.tickets("vambe") == {}


@pytest.mark.parametrize(("drop", "applied"), [("before", False), ("after", True)])
def test_drop(sandbox, drop, applied):
    """A dropped call ends without an answer, before or after it was applied; the next one is answered."""
    sandbox.fault("vambe", drop=drop)
    with pytest.raises(requests.ConnectionError):
        post(sandbox)
    assert bool(sandbox.tickets("vambe")) == applied
    [call] = sandbox.calls()
    assert (call.status, call.applied) == (None, applied)
    assert post(sandbox).status_code == 200


def test_a_page_after_the_effect(sandbox):
    """A gateway's page can come in place of the answer to a call that was applied; the next one is answered."""
    sandbox.fault("vambe", status=502, body="<html>", after=True)
    answer = post(sandbox)
    assert (answer.status_code, answer.text) == (502, "<html>")
    assert sandbox.tickets("vambe") != {}
    [call] = sandbox.calls()
    assert (call.status, call.applied) == (502, True)
    assert post(sandbox).status_code == 200


def test_delay(sandbox, delays):
    """A delayed call is held for so long, and applied although its caller has gone."""
    sandbox.fault("vambe", delay=0.3)
    asked, gone = [], threading.Event()
    delays(lambda seconds: asked.append(seconds) or gone.wait(60))
    caller = HTTPConnection("127.0.0.1", urlsplit(sandbox.url).port)
    caller.request("POST", PATH, json.dumps(BODY), JSON)
    assert eventually(lambda: asked == [0.3])
    caller.close()
    assert sandbox.tickets("vambe") == {}
    gone.set()
    assert eventually(lambda: sandbox.tickets("vambe"))[TICKET]["amount"] == 5


def test_faults_fit_by_vendor_and_path(sandbox):
    """A fault hits only the vendor and path it names; without a count it stays until it is mended."""
    sandbox.fault("tolky", status=500)
    sandbox.fault("vambe", path="/metadata", status=500)
    assert post(sandbox).status_code == 200
    sandbox.fault(status=502, count=None)
    assert [post(sandbox).status_code for _ in range(3)] == [502] * 3
    sandbox.mend()
    assert post(sandbox).status_code == 200
    assert len(sandbox.calls("vambe")) == 5


def test_calls_at_the_same_time(sandbox, delays):
    """Slow calls do not wait for each other: none of four goes on before all of them are there."""
    sandbox.fault("vambe", delay=0.4, count=4)
    together = threading.Barrier(4)
    delays(lambda seconds: together.wait(20))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(sandbox), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4


def test_control_api(sandbox):
    """Another process can order faults and tickets, read what happened, and reset."""
    assert order(sandbox, "faults", vendor="vambe", status=500).status_code == 200
    assert post(sandbox).status_code == 500
    assert post(sandbox).status_code == 200
    shown = requests.get(
        f"{sandbox.url}/_sandbox/calls?vendor=vambe", timeout=60
    ).json()
    assert [call["status"] for call in shown["calls"]] == [500, 200]
    assert shown["calls"][0]["body"] == '{"ticket_id": "%s", "amount": 5}' % TICKET
    tickets = requests.get(f"{sandbox.url}/_sandbox/tickets", timeout=60).json()
    assert tickets["vambe"] == {TICKET: {"amount": 5}}
    assert order(sandbox, "known", vendor="vambe", tickets=[]).status_code == 200
    assert post(sandbox).status_code == 404
    order(sandbox, "tickets", vendor="vambe", ticket=TICKET, values={"amount": 1})
    assert post(sandbox).status_code == 200
    requests.delete(f"{sandbox.url}/_sandbox/", timeout=60)
    assert sandbox.calls() == [] and sandbox.tickets("vambe") == {}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("faults", {"vendor": "vamb"}),
        ("faults", {"drop": "now"}),
        ("faults", {"count": 0}),
        ("faults", {"stauts": 500}),
        ("known", {"vendor": "vambe"}),
        ("tickets", {"vendor": "vambe", "values": {}}),
    ],
)
def test_wrong_orders(sandbox, what, body):
    """An order that is not understood is refused with the reason, never ignored."""
    answer = order(sandbox, what, **body)
    assert answer.status_code == 400 and answer.json()["error"]


def test_the_page_escapes(sandbox):
    """The page for a person shows payloads as text."""
    assert "No call yet" in requests.get(sandbox.url, timeout=60).text
    evil = "<script>alert(1)</script>"
    requests.post(f"{sandbox.url}/http/x", data=evil, timeout=60)
    page = requests.get(sandbox.url, timeout=60).text
    assert page.count("&lt;script&gt;") >= 1 and evil not in page
    assert "POST /x" in page


def test_known_tickets_from_the_start():
    """create_sandbox and SandboxServer take known tickets and credentials; a reset keeps both."""
    with SandboxServer(credentials={"vambe": "k"}, known={"vambe": [TICKET]}) as one:
        one.reset()
        assert post(one).status_code == 401
        headers = {"x-api-key": "k"}
        other = {"contact_number": "+56912345678", "amount": 1}
        for body, status in ((BODY, 200), (other, 404)):
            url = one.url + PATH
            answer = requests.post(url, json=body, headers=headers, timeout=60)
            assert answer.status_code == status


def test_without_a_server():
    """The app answers in a test client too, for a caller that needs no socket."""
    client = create_sandbox().test_client()
    assert client.post(PATH, json=BODY, headers=KEY).get_json() == {"status": "ok"}
    assert client.get("/_sandbox/calls").get_json()["calls"][0]["path"] == PATH[6:]


def test_in_a_patched_process():
    """The server runs and drops calls in a process that gevent has patched."""
    code = """
from gevent import monkey
monkey.patch_all()
import requests
from bridge.sandbox.server import SandboxServer
with SandboxServer() as sandbox:
    sandbox.fault("http", drop="after")
    try:
        requests.post(sandbox.url + "/http/x", timeout=60)
        raise SystemExit("not dropped")
    except requests.ConnectionError:
        pass
    assert requests.post(sandbox.url + "/http/x", timeout=60).ok
    assert [call.status for call in sandbox.calls()] == [None, 200]
print("fine")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "fine", done.stderr


def test_faults_say_what_they_take():
    """A fault that means nothing cannot be made."""
    with pytest.raises(ValueError, match="before"):
        Fault(drop="sometimes")
    with pytest.raises(ValueError, match="status"):
        Fault(after=True)
