"""Whether a store that holds a million events is as fast as an empty one: taking in, and all the way to the vendor.

The events that are there already are made by SQL, each with its payload, its decisions and a finished delivery.
"""

import argparse
import itertools
import time
from pathlib import Path

from load import drive
from measure import Figure, report
from rig import bridge, folder, signed_events, vendor
from sqlalchemy import text

from bridge.store import Database, migrate

_FILL = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
)
_PAYLOADS = (
    "INSERT INTO payloads (id, received_at, method, target, headers, body)"
    f" {_FILL} SELECT i, i, 'POST', '/hooks/stripe', '{{}}', randomblob(1400) FROM n"
)
_EVENTS = (
    "INSERT INTO events (id, source, event_id, type, received_at, payload_id, live, digest, conflicts, state, outcome,"
    " decisions)"
    f" {_FILL} SELECT i, 'stripe', 'evt_old' || hex(randomblob(9)), 'invoice.paid', i, i, 1, hex(randomblob(32)), 0,"
    " 'routed', 'matched', json_array(json_object('rule', 'paid-sets-amount', 'said', 'matched', 'reason', 'because',"
    " 'place', 'rules.yaml:5', 'code', NULL, 'decided_at', i)) FROM n"
)
_DELIVERIES = (
    "INSERT INTO deliveries (event, source, rule, item_key, operation, connection, ticket, lane, stale, retries,"
    " ruleset, state, code, reason, attempts, due_at, created_at, age_from, finished_at)"
    f" {_FILL} SELECT i, 'stripe', 'paid-sets-amount', '', 'vambe.update_amount', 'vambe', 't' || i, 'vambe t' || i,"
    " 'send', '{}', 'old', 'delivered', 'http_200', '', 1, i, i, i, i FROM n"
)


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stored", type=int, default=200_000)
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    found: dict[int, list[tuple[float, float]]] = {0: [], asked.stored: []}
    for number in range(asked.rounds):  # in turns: what else runs here concerns both
        for stored, rates in found.items():
            with folder() as where:
                _fill(where / "bridge.db", stored)
                rates.append(_rates(where, asked.events, f"{number}x{stored}"))
    empty, full = ([max(rates) for rates in zip(*found[stored])] for stored in found)
    figures = []
    for at, name in enumerate(("accept", "end to end")):
        figures.append(Figure(f"{name}, empty", empty[at], "events/s", 1.0))
        ratio = full[at] / empty[at]
        title = f"{name}, {asked.stored:,} stored"
        figures.append(Figure(title, full[at], "events/s", ratio))
    report("large", "the same on an empty store", figures)


def _fill(path: Path, count: int) -> None:
    database = Database(f"sqlite:///{path}")
    migrate(database)
    for statement in (_PAYLOADS, _EVENTS, _DELIVERIES) if count else ():
        with database.transaction() as connection:
            connection.execute(text(statement), {"count": count})
    database.close()


def _rates(where: Path, count: int, prefix: str) -> tuple[float, float]:
    """Events a second taken in, and delivered, after a warm-up of a tenth."""
    requests = signed_events(prefix)
    with vendor() as calls, bridge(where, BRIDGE_SANDBOX_URL=calls.url) as server:
        for number in (count // 10, count):
            calls.calls.clear()
            ready = iter(list(itertools.islice(requests, number)))
            start = time.monotonic()
            answers = drive(server.port, ready, seconds=120, connections=16)
            taken = answers.statuses[202]
            last = max(at for _, at in calls.wait_for(taken, seconds=120))
    return answers.rate, taken / (last - start)


if __name__ == "__main__":
    main()
