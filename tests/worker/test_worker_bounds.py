"""What is large goes in parts: a batch is read and recorded within bytes, and one event's calls are bounded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from working import Bench

from bridge.outbound import Outbound
from bridge.worker import Worker, routing

MAPPING = """version: 1
source:
  name: stripe
  provider: stripe
  verify: { secret: { env: STRIPE_WEBHOOK_SECRET } }
rules:
  - id: each
    target: http.request
    connection: { base_url: "https://x.example" }
    auth: { bearer: { env: VAMBE_API_KEY } }
    for_each: { in: "{{ event.data.lines }}", as: line }
    fields: { method: PUT, path: "/t/{{ line }}", body: { note: "{{ event.data.note }}" } }
"""


@pytest.fixture
def bench(database, sandbox):
    return Bench(database, sandbox, MAPPING)


def large(id, lines=1, note=1000):
    data = {"lines": list(range(lines)), "note": "n" * note}
    return {"id": id, "type": "t", "created": 1_770_000_000, "data": data}


def route(bench):
    return bench.worker._router.route_waiting(bench.ruleset)


def test_a_batch_ends_where_its_calls_are_large(bench, monkeypatch):
    """No transaction takes a further event once it has so many bytes of calls; the rest follows in order."""
    monkeypatch.setattr(routing, "RENDERED", 20_000)
    for number in range(7):
        bench.receive(large(f"evt_{number}", lines=4))  # 8 kB of calls each
    assert [route(bench) for _ in range(4)] == [3, 3, 1, 0]
    made = [row["event"] for row in bench.deliveries()]
    assert made == sorted(made) and len(made) == 28


def test_one_event_larger_than_a_batch_goes_alone(bench, monkeypatch):
    """An event whose calls alone are more than a transaction's bytes is routed all the same."""
    monkeypatch.setattr(routing, "RENDERED", 10)
    for number in range(2):
        bench.receive(large(f"evt_{number}"))
    assert [route(bench) for _ in range(3)] == [1, 1, 0]


def test_no_more_bodies_are_read_at_once_than_their_bytes_allow(bench, monkeypatch):
    """A batch reads as many requests as fit, and one where none does."""
    monkeypatch.setattr(routing, "READ", 2_500)
    for number, note in enumerate([1000, 1000, 1000, 5000, 10]):
        bench.receive(large(f"evt_{number}", note=note))
    assert [route(bench) for _ in range(5)] == [2, 1, 1, 1, 0]


def test_too_much_is_a_dead_letter_and_the_others_go(bench):
    """An event that would fill memory is seen with its rule and its bytes; those around it are routed in one batch."""
    for number, lines in enumerate([1, 1000, 1]):
        bench.receive(large(f"evt_{number}", lines=lines, note=100_000))
    assert route(bench) == 3
    (dead,) = bench.deliveries(state="dead")
    assert (dead["code"], dead["rule"]) == ("E303", "each")
    assert "come to 8," in dead["reason"] and "8,388,608 are allowed" in dead["reason"]
    assert [row["state"] for row in bench.deliveries()].count("waiting") == 2


def test_a_worker_goes_by_its_own_bound(bench):
    """BRIDGE_MAX_RENDERED is what an event may lead to in this worker."""
    bench.worker = Worker(
        bench.database,
        lambda: bench.ruleset,
        Outbound(sandbox_url=bench.sandbox.url),
        max_rendered=1000,
    )
    bench.receive(large("evt_1"))
    route(bench)
    assert "1,000 are allowed" in bench.deliveries(state="dead")[0]["reason"]


TURNS = """
from gevent import monkey
monkey.patch_all()

import sys
from types import SimpleNamespace
import gevent
from test_worker_bounds import MAPPING, large, route
from working import Bench
from bridge.store import Database, ensure_shape

database = Database(sys.argv[1])
ensure_shape(database)
costly = MAPPING.replace("{{ event.data.note }}", "{{ event.data.lines | sum }}")
bench = Bench(database, SimpleNamespace(url="http://127.0.0.1:9"), costly)
for number, lines in enumerate([20, 150]):
    bench.receive(large(f"evt_{number}", lines=lines))
    events, turns = [], []
    ask = bench.worker._router._asker.ask
    def asked(*given, ask=ask):
        events.append(len(turns))
        try:
            return ask(*given)
        finally:
            events.append(len(turns))
    bench.worker._router._asker.ask = asked
    def others():
        while True:
            turns.append(1)
            gevent.sleep(0.0001)
    beside = gevent.spawn(others)
    route(bench)
    beside.kill()
    bench.worker._router._asker.ask = ask
    told = len(events) // 2, events[-1] > events[-2], len(bench.deliveries())
    print(*told, file=sys.stderr)
"""


def test_rules_that_take_long_leave_others_their_turns(tmp_path):
    """A small event may still cost much: past a share of its steps its rules are asked again beside the loop."""
    done = subprocess.run(
        [sys.executable, "-c", TURNS, f"sqlite:///{tmp_path}/bridge.db"],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stderr == "1 False 20\n2 True 50\n"
