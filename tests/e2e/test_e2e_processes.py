"""Processes: start, refusal, restart of what dies, drain, and plain gunicorn."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests
from running import ROOT, bridge, eventually, post, stripe_event

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.sandbox.server import SandboxServer
from bridge.store import views


@pytest.fixture
def sandbox():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def running(tmp_path, sandbox):
    with bridge(tmp_path, sandbox, DEFAULT_CREDENTIALS) as made:
        yield made


def body(id):
    return json.dumps(stripe_event("invoice.paid__clp.http", id=id)).encode()


def test_first_start_with_a_bad_folder_is_refused(running):
    """The very first start ends with exit code 3 and every finding, at its place."""
    rules = running.folder / "mappings" / "rules.yaml"
    rules.write_text(
        rules.read_text().replace("from_minor", "from_mintor").replace("upper", "uper")
    )
    running.start(wait=False)
    assert running.process.wait(timeout=30) == 3
    said = running.log.read_text()
    assert "'from_mintor'" in said and "'uper'" in said and "rules.yaml:12:" in said
    assert "Traceback" not in said


def test_first_start_without_a_secret_is_refused(running):
    """An unset secret stops the first start and is named."""
    del running.environ["VAMBE_API_KEY"]
    running.start(wait=False)
    assert running.process.wait(timeout=30) == 3
    assert "VAMBE_API_KEY" in running.log.read_text()


def test_later_start_with_a_bad_folder_goes_on_degraded(running, sandbox):
    """A folder that broke between two starts does not stop deliveries: the last good rules stay in force."""
    running.start()
    assert running.stop() == 0
    (running.folder / "mappings" / "rules.yaml").write_text(
        "version: 1\nrules: {{ oops\n"
    )
    running.start()
    report = requests.get(f"{running.url}/readyz", timeout=5)
    assert (report.status_code, report.json()["status"]) == (200, "degraded")
    assert "rules.yaml:2" in report.json()["errors"][0]
    post(running.url, body("evt_degraded"))
    assert eventually(lambda: sandbox.calls("vambe"))


def children_of(pid):
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True
    )
    return [line.split(None, 1) for line in listed.stdout.splitlines()]


@pytest.mark.parametrize("what", ["worker", "gunicorn"])
def test_killed_child_is_restarted(running, sandbox, what):
    """A child that dies is replaced, and events sent around that time arrive."""
    running.start()
    (pid,) = [
        pid for pid, command in children_of(running.process.pid) if what in command
    ]
    os.kill(int(pid), signal.SIGKILL)
    assert eventually(lambda: "process died" in running.log.read_text())
    running.wait_ready()

    def accepted():
        try:
            return post(running.url, body("evt_restarted")).status_code in (200, 202)
        except requests.ConnectionError:
            return False

    assert eventually(accepted)
    assert eventually(lambda: sandbox.calls("vambe"))


def test_sigterm_drains(running, sandbox):
    """Requests under way get their answer, calls under way are recorded, and the exit code is 0."""
    running.start()
    sandbox.fault("vambe", delay=3)
    assert post(running.url, body("evt_drain")).status_code == 202
    assert eventually(lambda: states(running) == ["sending"])
    answers = []

    def trickle():
        """A request whose body is still on its way when SIGTERM comes."""
        sent = body("evt_slow")

        def parts():
            yield sent[:100]
            time.sleep(1)
            yield sent[100:]

        from running import sign

        headers = {"Stripe-Signature": sign(sent), "Content-Type": "application/json"}
        answers.append(
            requests.post(
                f"{running.url}/hooks/stripe", data=parts(), headers=headers, timeout=15
            )
        )

    thread = threading.Thread(target=trickle)
    thread.start()
    time.sleep(0.3)
    assert running.stop() == 0
    thread.join()
    assert [answer.status_code for answer in answers] == [202]
    assert "delivered" in states(running)


def states(running):
    """The states of all deliveries, straight from the store."""
    database = running.database()
    with database.read() as connection:
        found = views.list_deliveries(connection)
    database.close()
    return [row["state"] for row in found]


def test_port_in_use_ends_it(running):
    """A bridge that cannot listen gives up with its reason, and does not restart for ever."""
    import socket

    with socket.create_server(("127.0.0.1", running.port)):
        running.start(wait=False)
        assert running.process.wait(timeout=60) == 1
    assert "giving up" in running.log.read_text()


def test_children_end_with_a_killed_parent(running):
    """kill -9 of the parent alone leaves nothing behind that keeps the port."""
    running.start()
    pids = [int(pid) for pid, _ in children_of(running.process.pid)]
    assert len(pids) == 2
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(timeout=10)

    def gone():
        return not any(alive(pid) for pid in pids)

    assert eventually(gone, seconds=35)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().split(") ")[1][0] != "Z"
    except OSError:
        return False


def test_plain_gunicorn_beside_a_worker(running, sandbox):
    """`gunicorn wsgi:app` receives with the shipped settings, `bridge worker` delivers."""
    running.start(command=("-m", "gunicorn", "wsgi:app"))
    worker = subprocess.Popen(
        [sys.executable, "-m", "bridge", "worker"], env=running.environ, cwd=ROOT
    )
    try:
        assert post(running.url, body("evt_gunicorn")).status_code == 202
        assert eventually(lambda: sandbox.calls("vambe"))
        admin = f"http://127.0.0.1:{running.admin_port}"
        assert requests.get(f"{admin}/metrics", timeout=5).status_code == 200
        assert requests.get(f"{running.url}/metrics", timeout=5).status_code == 404
    finally:
        worker.terminate()
        assert worker.wait(timeout=30) == 0
    assert running.stop() == 0


def test_changed_folder_is_in_force_within_seconds(running, sandbox):
    """A saved mapping file is taken over by receivers and worker; a broken one is shown and changes nothing."""
    running.start()
    rules = running.folder / "mappings" / "rules.yaml"
    before = ready(running)["ruleset"]
    rules.write_text(rules.read_text().replace('"{{ inv.currency | upper }}"', "USD"))
    assert eventually(lambda: ready(running)["ruleset"] != before, seconds=5)
    rules.write_text("rules: [\n")
    assert eventually(lambda: ready(running)["status"] == "degraded", seconds=5)
    both = 2  # receiver and worker: whichever missed the good files takes them out of the store
    assert eventually(
        lambda: running.log.read_text().count("ruleset not reloaded") == both
    )
    post(running.url, body("evt_reloaded"))
    assert eventually(lambda: sandbox.calls("vambe"))
    assert b'"currency":"USD"' in sandbox.calls("vambe")[0].body


def ready(running):
    return requests.get(f"{running.url}/readyz", timeout=5).json()


def test_receivers_alone_store_for_later(running, sandbox):
    """`--no-worker` receives; what it stored is delivered once a worker runs."""
    running.start("--no-worker")
    assert post(running.url, body("evt_later")).status_code == 202
    assert running.stop() == 0
    assert sandbox.calls() == []
    running.start()
    assert eventually(lambda: sandbox.calls("vambe"))
