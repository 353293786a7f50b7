"""R-28: what waits in a SQLite store is delivered from the PostgreSQL store it was moved to, all of it and in order."""

import json
import os
from collections import defaultdict

from running import MAPPING
from working import accept, paid

from bridge import mapping
from bridge.outbound import Outbound
from bridge.store import views
from bridge.store.keeping import moving
from bridge.worker import Worker
from bridge.worker.asking import Asker
from bridge.worker.routing import Router

COUNT = int(os.environ.get("BRIDGE_TEST_MOVED", "120"))  # 10000 is the promise's number
TICKETS = 10


def ticket(number):
    return f"a1b2c3d4-e5f6-7890-abcd-{number % TICKETS:012d}"


def receive(database, ruleset, *numbers):
    """Stores payments of these amounts, each for one of the tickets, as the front door would."""

    def job(connection):
        for number in numbers:
            event = paid(f"evt_{number}", amount=number, ticket=ticket(number))
            accept(connection, ruleset, "stripe", event)

    database.write(job)


def work(database, ruleset, sandbox):
    """Works until nothing is due."""
    worker = Worker(database, lambda: ruleset, Outbound(sandbox_url=sandbox.url))
    while worker.work_once():
        worker.join()


def test_what_waits_is_moved_and_delivered_in_order(sqlite, postgres, sandbox):
    """Half of the events are routed when the store moves, half are not: each ticket sees its amounts in order, once."""
    ruleset = mapping.build({"rules.yaml": MAPPING}).usable()
    receive(sqlite, ruleset, *range(COUNT // 2))
    router = Router(sqlite, Asker(""))
    while router.route_waiting(ruleset):
        pass
    receive(sqlite, ruleset, *range(COUNT // 2, COUNT))
    sandbox.know("vambe", *map(ticket, range(TICKETS)))
    moving.move(sqlite, postgres, lambda line: None)
    work(postgres, ruleset, sandbox)
    seen = defaultdict(list)
    for call in sandbox.calls():
        body = json.loads(call.body)
        seen[body["ticket_id"]].append(body["amount"])
    expected = defaultdict(list)
    for number in range(COUNT):
        expected[ticket(number)].append(number)
    assert seen == expected
    with postgres.read() as connection:
        assert views.count_deliveries(connection) == {}


def test_a_duplicate_of_before_the_move_is_one_after_it(sqlite, postgres, sandbox):
    """Dedupe keys move too: a sender that tries again meets its own event."""
    ruleset = mapping.build({"rules.yaml": MAPPING}).usable()
    receive(sqlite, ruleset, 1)
    moving.move(sqlite, postgres, lambda line: None)
    receive(postgres, ruleset, 1)
    with postgres.read() as connection:
        assert views.count_unrouted(connection) == 1
