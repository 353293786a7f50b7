"""Names that nobody answers for hold up their own host, and nobody else."""

import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from outbound_server import ENDLESS

from bridge.outbound import names
from bridge.outbound.names import Names

# In a patched process, where gevent's resolver has ten threads for everything unless we give it more.
PROGRAM = """
from gevent import monkey
monkey.patch_all()

import _socket
import sys
import threading
import time
from gevent import get_hub, joinall, spawn
from bridge.model import Call
from bridge.outbound import Outbound, Target, names
from outbound_server import LOOPBACK, OK, TLS, RawServer

release = monkey.get_original("threading", "Event")()
asked, real = [], _socket.getaddrinfo

def getaddrinfo(host, *args, **kwargs):
    asked.append(host)
    if str(host).startswith("dead"):
        release.wait(60)
        raise _socket.gaierror(-2, "unknown")
    return real("127.0.0.1" if str(host) == "good.test" else host, *args, **kwargs)

_socket.getaddrinfo = getaddrinfo
names.KEPT = 1e6  # a machine may stall
outbound = Outbound(allowed_networks=LOOPBACK, ca_bundle=str(TLS / "ca.pem"))
call = Call(method="POST", path="/", body=b"{}")
server = RawServer(OK)
dead = [
    spawn(outbound.send, call, Target(vendor="http", base_url=f"http://dead{n % 40}.test"), timeout=40)
    for n in range(200)
]
until = time.monotonic() + 30
while len({name for name in asked if name.startswith("dead")}) < 40 and time.monotonic() < until:
    time.sleep(0.01)
for _ in range(3):
    answer = outbound.send(call, server.target("good.test"), timeout=30)
    assert answer.status == 200, answer
    assert get_hub().threadpool.apply(abs, (-1,)) == 1
counts = {name: asked.count(name) for name in asked if name.startswith("dead")}
assert len(counts) == 40 and max(counts.values()) <= 3, counts
assert asked.count("good.test") == 1, asked
release.set()
joinall(dead)
assert {(job.value.kind, job.value.sent) for job in dead} == {("dns", False)}
outbound.close()
server.stop()
print("held")
"""


def test_names_that_never_answer_leave_others_alone():
    """200 calls to 40 dead names hang; a call elsewhere is answered meanwhile, and so is long work in threads.

    Fails where look-ups share the ten threads that gevent has for everything.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout == "held\n", done.stderr


@pytest.fixture
def resolver(monkeypatch):
    """A resolver that hangs for names with "dead" in them until it is released, and counts what it is asked."""

    class Resolver:
        asked = Counter()
        release = threading.Event()

        def __call__(self, host):
            self.asked[host] += 1
            if "dead" in host:
                self.release.wait(ENDLESS)
            return ["127.0.0.1"] if "known" in host else []

        def hang(self, threads):
            """Waits until that many threads came here: each is counted a moment after its call."""
            until = time.monotonic() + 30
            while self.asked.total() < threads and time.monotonic() < until:
                time.sleep(0.001)

    made = Resolver()
    made.asked, made.release = Counter(), threading.Event()
    monkeypatch.setattr(names, "_resolve", made)
    yield made
    made.release.set()


def test_a_host_has_few_threads_however_often_it_is_asked_for(resolver, monkeypatch):
    """A look-up that is given up may be followed by another, in case it never ends, but not by many."""
    monkeypatch.setattr(names, "PATIENCE", 0.01)
    found = Names()
    assert [found.find("dead.test", 1) for _ in range(20)] == [None] * 20
    resolver.hang(names.MAX_PER_HOST)
    assert resolver.asked["dead.test"] == names.MAX_PER_HOST


def test_a_host_is_found_again_although_its_first_look_up_never_ends(
    resolver, monkeypatch
):
    """A resolver that lost one question answers the next."""
    monkeypatch.setattr(names, "PATIENCE", 0.01)
    found = Names()
    assert found.find("dead.test", 1) is None
    monkeypatch.setattr(names, "_resolve", lambda host: ["127.0.0.1"])
    monkeypatch.setattr(names, "PATIENCE", 60.0)
    assert found.find("dead.test", 60) == ["127.0.0.1"]


def test_threads_are_bounded_in_all(resolver, monkeypatch):
    """Where that many hang, more names are not looked up before one of them ends."""
    monkeypatch.setattr(names, "PATIENCE", 0.01)
    monkeypatch.setattr(names, "MAX_IN_ALL", 5)
    found = Names()
    for number in range(9):
        assert found.find(f"dead{number}.test", 1) is None
    resolver.hang(5)
    assert len(resolver.asked) == 5
    assert found.find("known.test", 1) is None
    resolver.release.set()
    monkeypatch.setattr(names, "PATIENCE", 60.0)
    while found.find("known.test", 60) is None:
        pass


def test_a_few_hosts_leave_threads_for_many(resolver, monkeypatch):
    """Where half of all threads hang, each host gets one more at most, however often it is asked for."""
    monkeypatch.setattr(names, "PATIENCE", 0.01)
    monkeypatch.setattr(names, "MAX_IN_ALL", 12)
    found = Names()
    for _ in range(9):
        for number in range(4):
            assert found.find(f"dead{number}.test", 1) is None
    resolver.hang(6)
    assert resolver.asked.total() == 6
    monkeypatch.setattr(names, "PATIENCE", 60.0)
    assert found.find("known.test", 60) == ["127.0.0.1"]


@pytest.mark.parametrize("lacking", ["look-up", "gevent"])
def test_a_machine_without_threads_is_no_unknown_name(lacking, monkeypatch):
    """A look-up that could not begin is neither counted nor kept; the next one begins anew, and nothing is raised."""

    def none_left(*args, **kwargs):
        raise RuntimeError("can't start new thread")

    found = Names()
    with monkeypatch.context() as lack:
        if lacking == "look-up":
            lack.setattr(threading.Thread, "start", none_left)
        else:
            lack.setattr(names.socket, "getaddrinfo", none_left)
        tries = 2 * names.MAX_PER_HOST
        assert [found.find("known.test", 60) for _ in range(tries)] == [None] * tries
    monkeypatch.setattr(names, "_resolve", lambda host: ["127.0.0.1"])
    assert found.find("known.test", 60) == ["127.0.0.1"]


def test_calls_at_once_share_one_look_up(resolver, monkeypatch):
    """Twenty calls to a host ask once."""
    monkeypatch.setattr(names, "KEPT", 1e6)
    found, answers = Names(), []
    jobs = [
        threading.Thread(
            target=lambda: answers.append(found.find("dead.known.test", 60))
        )
        for _ in range(20)
    ]
    for job in jobs:
        job.start()
    resolver.release.set()
    for job in jobs:
        job.join()
    assert answers == [["127.0.0.1"]] * 20
    assert resolver.asked == {"dead.known.test": 1}


def test_what_was_found_is_kept_for_a_while_and_what_was_not_is_asked_again(
    resolver, monkeypatch
):
    """A few seconds: an address that moves is followed soon."""
    assert names.KEPT <= 10
    monkeypatch.setattr(names, "KEPT", 1e6)
    found = Names()
    assert [found.find("known.test", 60) for _ in range(3)] == [["127.0.0.1"]] * 3
    assert [found.find("none.test", 60) for _ in range(3)] == [[]] * 3
    assert resolver.asked == {"known.test": 1, "none.test": 3}
    monkeypatch.setattr(names, "KEPT", -1.0)
    found = Names()
    found.find("known.test", 60)
    found.find("known.test", 60)
    assert resolver.asked["known.test"] == 3
