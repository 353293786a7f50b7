"""Processes of one bridge as a test moves them: receivers and workers, killed, stopped, frozen and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from running import ROOT, Bridge, eventually, free_port
from traffic import MAPPING

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.sandbox.server import SandboxServer
from bridge.store import migrate

NURSERY = Path(__file__).with_name("nursery.py")
# Receivers wait for a disk that stands still for a moment. Where a 503 is the subject, it comes from an error.
PATIENT = ("put", "bridge.receive.front", "WRITE_TIMEOUT", 60.0)


def _other_than(port):
    """A free port; chance may hit the one that the receivers are about to have."""
    return next(one for one in iter(free_port, None) if one != port)


class Nursery:
    """The program that forks; one for all tests of a run."""

    def __init__(self):
        self._program = subprocess.Popen(
            [sys.executable, NURSERY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def ask(self, what, **order):
        """One order and its answer."""
        self._program.stdin.write(json.dumps({"what": what, **order}) + "\n")
        self._program.stdin.flush()
        return json.loads(self._program.stdout.readline())

    def close(self):
        """Ends the program; what it forked ends with it."""
        self._program.stdin.close()
        self._program.stdout.close()
        self._program.wait(timeout=60)


class Process:
    """One process (and, for receivers, its children: they share its group)."""

    def __init__(self, nursery, pid):
        self.pid, self._nursery, self._code = pid, nursery, None

    def code(self):
        """The exit code, None while it runs."""
        if self._code is None:
            self._code = self._nursery.ask("poll", pid=self.pid)["code"]
        return self._code

    def signal(self, number):
        os.killpg(self.pid, number)

    def kill(self):
        """kill -9; nothing of the process runs afterwards."""
        if self.code() is None:
            self.signal(signal.SIGKILL)
            self.wait()

    def stop(self):
        """SIGTERM, as a service manager sends it; the exit code. Who was frozen late, on a busy machine, is woken."""
        os.kill(self.pid, signal.SIGTERM)
        assert eventually(self._ends, 300), "it does not end"
        return self.code()

    def _ends(self):
        if self.code() is None:
            self.signal(signal.SIGCONT)
        return self.code() is not None

    def wait(self):
        """The exit code once it ended."""
        assert eventually(lambda: self.code() is not None, 300), "it does not end"
        return self.code()


class Fleet:
    """A bridge (its folder and environment) and whatever processes of it run."""

    def __init__(self, nursery, made):
        self._nursery, self.bridge = nursery, made
        self.processes = []

    def start(self, command, *faults, **environ):
        """Starts `worker` or `receivers`; each fault is its name in the nursery and its arguments."""
        order = {
            "command": command,
            "environ": {**self.bridge.environ, **environ},
            "log": str(self.bridge.log),
            "faults": [(name, arguments) for name, *arguments in faults],
        }
        pid = self._nursery.ask("start", **order)["pid"]
        self.processes.append(Process(self._nursery, pid))
        return self.processes[-1]

    def receivers(self, *faults, port=None, **environ):
        """Starts receivers and waits until they answer."""
        port = port or self.bridge.port
        environ |= {
            "BRIDGE_BIND": f"127.0.0.1:{port}",
            "BRIDGE_ADMIN_BIND": f"127.0.0.1:{_other_than(port)}",
        }
        process = self.start("receivers", PATIENT, *faults, **environ)
        assert eventually(lambda: self._answers(process, port)), self.tail()
        return process

    def worker(self, *faults, **environ):
        return self.start("worker", *faults, **environ)

    def tail(self):
        """The end of what the processes said."""
        return self.bridge.log.read_text()[-4000:]

    def kill(self):
        """kill -9 of everything, as a crash of the machine would."""
        for process in self.processes:
            process.kill()
        self.processes.clear()

    def _answers(self, process, port):
        assert process.code() is None, self.tail()
        try:
            url = f"http://127.0.0.1:{port}/healthz"
            return requests.get(url, timeout=10).status_code == 200
        except requests.RequestException:
            time.sleep(0.02)
            return False


@contextmanager
def fleet(nursery, folder, sandbox, mapping, database_url=None):
    """A bridge without processes yet; none of them runs afterwards."""
    made = Bridge(folder, sandbox.url, DEFAULT_CREDENTIALS, mapping)
    if database_url:
        made.database_url = made.environ["BRIDGE_DATABASE_URL"] = database_url
    found = Fleet(nursery, made)
    try:
        yield found
    finally:
        found.kill()


@pytest.fixture(scope="session", name="nursery")
def _nursery():
    program = Nursery()
    yield program
    program.close()


@pytest.fixture(name="sandbox")
def _sandbox():
    with SandboxServer() as server:
        yield server


@pytest.fixture(name="running")
def _running(nursery, tmp_path, sandbox, database):
    """A fleet on each of the two databases."""
    url = database.url.render_as_string(hide_password=False)
    with fleet(nursery, tmp_path, sandbox, MAPPING, url) as found:
        yield found


@pytest.fixture(name="on_sqlite")
def _on_sqlite(nursery, tmp_path, sandbox, sqlite):
    """A fleet on SQLite, where the database makes no difference or is SQLite's own."""
    with fleet(nursery, tmp_path, sandbox, MAPPING) as found:
        yield found


@pytest.fixture(name="on_postgresql")
def _on_postgresql(nursery, tmp_path, sandbox, postgres):
    """A fleet on PostgreSQL, where several hosts or the database's clock matter."""
    migrate(postgres)
    url = postgres.url.render_as_string(hide_password=False)
    with fleet(nursery, tmp_path, sandbox, MAPPING, url) as found:
        yield found
