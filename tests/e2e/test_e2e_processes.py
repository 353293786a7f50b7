"""Processes: start, refusal, restart of what dies, drain, and plain gunicorn."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests
from running import (
    ROOT,
    bridge,
    eventually,
    free_port,
    refused,
    sign,
    stripe_event,
    taken,
)

from bridge import serve
from bridge.cli import serve as command
from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.store import views


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
    assert running.process.wait(timeout=120) == 3
    said = running.log.read_text()
    assert "'from_mintor'" in said and "'uper'" in said and "rules.yaml:12:" in said
    assert "Traceback" not in said


def test_first_start_without_a_secret_is_refused(running):
    """An unset secret stops the first start and is named."""
    del running.environ["VAMBE_API_KEY"]
    running.start(wait=False)
    assert running.process.wait(timeout=120) == 3
    assert "VAMBE_API_KEY" in running.log.read_text()


def test_later_start_with_a_bad_folder_goes_on_degraded(running, sandbox):
    """A folder that broke between two starts does not stop deliveries: the last good rules stay in force."""
    running.start()
    assert running.stop() == 0
    (running.folder / "mappings" / "rules.yaml").write_text(
        "version: 1\nrules: {{ oops\n"
    )
    running.start()
    told = requests.get(f"{running.url}/readyz", timeout=60)
    assert (told.status_code, told.json()) == (200, {"status": "degraded"})
    report = requests.get(f"http://127.0.0.1:{running.admin_port}/readyz", timeout=60)
    assert "rules.yaml:2" in report.json()["errors"][0]
    taken(running.url, body("evt_degraded"))
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
            return taken(running.url, body("evt_restarted"))
        except requests.RequestException:
            return False

    assert eventually(accepted)
    assert eventually(lambda: sandbox.calls("vambe"))


def test_sigterm_drains(running, sandbox):
    """Requests under way get their answer, calls under way are recorded, and the exit code is 0."""
    running.environ["BRIDGE_READ_TIMEOUT"] = "30"
    running.start()
    sandbox.fault("vambe", delay=8)
    taken(running.url, body("evt_drain"))
    assert eventually(lambda: states(running) == ["sending"])
    half, stopping, answers = threading.Event(), threading.Event(), []

    def trickle():
        """A request whose body is still on its way when SIGTERM comes."""
        sent = body("evt_slow")

        def parts():
            yield sent[:100]
            half.set()
            stopping.wait(60)
            yield sent[100:]

        headers = {"Stripe-Signature": sign(sent), "Content-Type": "application/json"}
        url = f"{running.url}/hooks/stripe"
        answers.append(requests.post(url, data=parts(), headers=headers, timeout=60))

    thread = threading.Thread(target=trickle)
    thread.start()
    assert half.wait(60)
    running.process.terminate()
    assert eventually(lambda: refused(running))
    stopping.set()
    assert running.stop() == 0
    thread.join()
    (answer,) = answers
    assert answer.status_code in (202, 503)  # 503: a store that was slow for a moment
    assert "delivered" in states(running)


def states(running):
    """The states of all deliveries, straight from the store."""
    database = running.database()
    with database.read() as connection:
        found = views.list_deliveries(connection)
    database.close()
    return [row["state"] for row in found]


@pytest.mark.parametrize("bind", ["BRIDGE_BIND", "BRIDGE_ADMIN_BIND"])
def test_port_in_use_ends_it(running, bind):
    """A bridge that cannot listen ends with its reason before anything is started."""
    _, port = running.environ[bind].split(":")
    with socket.create_server(("127.0.0.1", int(port))):
        said = running.run("serve")
    assert said.returncode == 4
    assert f"127.0.0.1:{port} (Address already in use)" in said.stderr
    assert f"or change {bind}" in said.stderr
    assert "process started" not in said.stderr


def test_a_port_that_becomes_free_is_waited_for(monkeypatch):
    """A bridge that was killed just now may still hold the port: the next one does not end for that."""
    held = socket.create_server(("127.0.0.1", free_port()))
    bind = "127.0.0.1:{1}".format(*held.getsockname())
    monkeypatch.setattr(command, "PATIENCE", 60.0)
    monkeypatch.setattr(time, "sleep", lambda seconds: held.close())
    command._require_port("BRIDGE_BIND", bind)
    assert held.fileno() == -1


def test_receivers_that_do_not_stay_up_end_the_bridge(monkeypatch):
    """Without receivers there is no bridge: whoever started it has to see that it ended."""
    monkeypatch.setattr(serve, "PAUSES", (0.0,))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    command = [sys.executable, "-c", ""]
    child = serve.Child(name="receivers", command=command, vital=True)
    assert serve.run([child]) == 1
    assert child.deaths == serve.GIVE_UP


FRAGILE = '''
import os, sys
from pathlib import Path
from bridge import log, serve

broken, pause = Path(sys.argv[1]), float(sys.argv[2])
serve.PAUSES, serve.SETTLED = (pause,), 3.0
os.environ["WEB_CONCURRENCY"] = "1"
log.configure()
receivers, worker = serve.children(worker=True)
start = f"""import os, sys
sys.exit(9) if os.path.exists({str(broken)!r}) else os.execv(sys.executable, {worker.command})"""
worker.command = [sys.executable, "-c", start]
sys.exit(serve.run([receivers, worker]))
'''


def test_a_worker_that_keeps_dying_never_ends_the_receivers(running, sandbox):
    """Events are accepted, /readyz says degraded and why, and all is well again once the worker stays up."""
    broken = running.folder / "broken"
    broken.touch()
    assert running.run("migrate").returncode == 0  # as `bridge serve` does before
    running.start(str(broken), "0.01", command=("-c", FRAGILE))
    assert eventually(lambda: deaths(running) > 3 * serve.GIVE_UP)
    taken(running.url, body("evt_meanwhile"))
    assert requests.get(f"{running.url}/readyz", timeout=60).json() == {
        "status": "degraded"
    }
    (why,) = report(running)["errors"]
    assert why.startswith("the worker crashed ")
    doctor = running.run("doctor", "--running").stdout
    assert f"see http://127.0.0.1:{running.admin_port}/readyz" in doctor
    assert dying(running) == 1
    broken.unlink()
    assert eventually(lambda: sandbox.calls("vambe"))
    assert eventually(lambda: report(running)["status"] == "ok")
    assert (report(running)["errors"], dying(running)) == ([], 0)


def report(running):
    """What /readyz says to people."""
    url = f"http://127.0.0.1:{running.admin_port}/readyz"
    return requests.get(url, timeout=60).json()


def dying(running):
    """The number of processes that keep dying, as /metrics has it."""
    url = f"http://127.0.0.1:{running.admin_port}/metrics"
    (line,) = [
        line
        for line in requests.get(url, timeout=60).text.splitlines()
        if line.startswith("bridge_processes_dying ")
    ]
    return float(line.split()[1])


def deaths(running):
    """How often a process died, by the log."""
    return running.log.read_text().count("process died")


def test_a_dying_process_is_left_alone_for_longer_and_longer(monkeypatch):
    """The pause before each start grows to a minute, and begins anew once a process has run for a minute."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    command = [sys.executable, "-c", ""]
    child = serve.Child(name="worker", command=command, start_at=0.0)
    waits = []

    def live(seconds):
        serve._keep_alive(child, {**os.environ})
        child.process.wait(timeout=60)
        now[0] += seconds
        serve._keep_alive(child, {**os.environ})
        waits.append(child.start_at - now[0])
        now[0] = child.start_at

    for _ in range(9):
        live(1.0)
    live(serve.SETTLED + 1)
    expected = [*serve.PAUSES, 60.0, 60.0, serve.PAUSES[0]]
    assert waits == pytest.approx(expected)


def test_children_end_with_a_killed_parent(running):
    """kill -9 of the parent alone leaves nothing behind that keeps the port."""
    running.start()
    pids = [int(pid) for pid, _ in children_of(running.process.pid)]
    assert len(pids) == 2
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(timeout=60)

    def gone():
        return not any(alive(pid) for pid in pids)

    assert eventually(gone)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().split(") ")[1][0] != "Z"
    except OSError:
        return False


def test_plain_gunicorn_beside_a_worker(running, sandbox):
    """`gunicorn wsgi:app` receives with the shipped settings, `bridge worker` delivers, and has numbers of its own."""
    running.start(command=("-m", "gunicorn", "wsgi:app"))
    own = f"127.0.0.1:{free_port()}"
    worker = subprocess.Popen(
        [sys.executable, "-m", "bridge", "worker", "--admin"],
        env={**running.environ, "BRIDGE_ADMIN_BIND": own},
        cwd=ROOT,
    )
    try:
        taken(running.url, body("evt_gunicorn"))
        assert eventually(lambda: sandbox.calls("vambe"))
        admin = f"http://127.0.0.1:{running.admin_port}"
        assert requests.get(f"{admin}/metrics", timeout=60).status_code == 200
        assert requests.get(f"{running.url}/metrics", timeout=60).status_code == 404
        assert requests.get(f"http://{own}/healthz", timeout=60).status_code == 200
        numbers = requests.get(f"http://{own}/metrics", timeout=60).text
        assert 'bridge_decisions_total{said="matched",source="stripe"} 1.0' in numbers
        assert requests.get(f"http://{own}/hooks/stripe", timeout=60).status_code == 404
    finally:
        worker.terminate()
        assert worker.wait(timeout=120) == 0
    assert running.stop() == 0


def test_changed_folder_is_soon_in_force(running, sandbox):
    """A saved mapping file is taken over by receivers and worker; a broken one is shown and changes nothing."""
    running.start()
    rules = running.folder / "mappings" / "rules.yaml"
    before = ready(running)["ruleset"]
    save(running, rules.read_text().replace('"{{ inv.currency | upper }}"', "USD"))
    assert eventually(lambda: ready(running)["ruleset"] != before)
    save(running, "rules: [\n")
    assert eventually(lambda: ready(running)["status"] == "degraded")
    both = 2  # receiver and worker: whichever missed the good files takes them out of the store
    assert eventually(
        lambda: running.log.read_text().count("ruleset not reloaded") == both
    )
    taken(running.url, body("evt_reloaded"))
    assert eventually(lambda: sandbox.calls("vambe"))
    assert b'"currency":"USD"' in sandbox.calls("vambe")[0].body


def save(running, text):
    """Replaces the mapping file in one step: half of it would be a folder of its own."""
    new = running.folder / "saved"
    new.write_text(text)
    new.replace(running.folder / "mappings" / "rules.yaml")


def ready(running):
    admin = f"http://127.0.0.1:{running.admin_port}/readyz"
    return requests.get(admin, timeout=60).json()


def test_receivers_alone_store_for_later(running, sandbox):
    """`--no-worker` receives; what it stored is delivered once a worker runs."""
    running.start("--no-worker")
    taken(running.url, body("evt_later"))
    assert running.stop() == 0
    assert sandbox.calls() == []
    running.start()
    assert eventually(lambda: sandbox.calls("vambe"))
