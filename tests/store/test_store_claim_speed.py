"""A claim stays as fast however much waits, is parked, or was finished long ago."""

import re
import time
from dataclasses import replace

import pytest
from queueing import VAMBE
from running import NOW
from sqlalchemy import event
from state_guard import by_hand

from bridge.store import measures, specs, views
from bridge.store.database import prepared
from bridge.store.database.columns import microseconds
from bridge.store.queue import backlogs
from bridge.store.queue import claims as queue
from bridge.store.queue import connections, lanes
from bridge.store.tables import deliveries

MANY = 10_000  # of each kind; benchmarks measure it with a million


def spec(database, name):
    """The hash of a connection of this name, which is stored."""
    one = replace(VAMBE, name=name)
    database.write(lambda c: specs.keep(c, [one]))
    return specs.digest(one)


def many(database, count, state, connection, lane):
    """Copies of the first delivery, made by the database itself."""
    sqlite = database.dialect == "sqlite"
    numbers = (
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
        " SELECT i FROM n) AS n"
        if sqlite
        else "generate_series(1, {}) AS n(i)"
    ).format(count)
    own = {
        "state": f"'{state}'",
        "connection": f"'{connection}'",
        "spec": f"'{spec(database, connection)}'",
        "lane": lane,
        "idempotency_key": "NULL",
    }
    names = [column.name for column in deliveries.c if column.name != "id"]
    chosen = ", ".join(own.get(name, f"d.{name}") for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    by_hand(
        database,
        lambda c: c.exec_driver_sql(
            f"INSERT INTO deliveries ({quoted}) SELECT {chosen} FROM {numbers},"
            " (SELECT * FROM deliveries ORDER BY id LIMIT 1) AS d"
        ),
    )


@pytest.fixture
def crowded(database, add, claim):
    """Ten thousand finished, waiting in one lane, and due lanes of a parked and of a broken connection."""
    add("t1")
    many(database, MANY, "delivered", "vambe-cl", "'done/' || n.i")
    many(database, MANY, "waiting", "one", "'one/lane'")
    many(database, MANY, "waiting", "parked", "'p/' || n.i")
    many(database, MANY, "waiting", "broken", "'b/' || n.i")
    far = microseconds(NOW) * 2
    database.write(
        lambda c: c.exec_driver_sql(
            "INSERT INTO connections (name, state, reason, since, broken_at, probe_at)"
            f" VALUES ('parked', 'parked', '', 0, NULL, NULL), ('broken', 'open', '', 0, 0, {far})"
        )
        and None
    )
    return database


def test_claim_is_fast_whatever_waits(crowded, claim):
    """A look takes milliseconds at once, a claim as soon as those behind were seen. R-16, R-26.

    Without `behind` each takes as long as ten thousand rows.
    """
    for _ in range(MANY // 100 + 1):
        claim()
    with crowded.read() as connection:
        looks = [timed(lambda: queue.look(connection, NOW)) for _ in range(20)]
    assert min(looks) < 0.05
    assert min(timed(claim) for _ in range(20)) < 0.1


def timed(what):
    started = time.perf_counter()
    what()
    return time.perf_counter() - started


@pytest.fixture
def told(crowded, monkeypatch):
    """A connection, and every statement that it was told since, with what it was given."""
    crowded.write(lambda c: c.exec_driver_sql("ANALYZE") and None)
    with crowded.transaction() as connection:
        seen = []
        run = prepared.run
        monkeypatch.setattr(
            prepared, "run", lambda c, *it: (seen.append(it), run(c, *it))[1]
        )
        event.listen(
            connection, "before_cursor_execute", lambda *it: seen.append(it[2:4])
        )
        yield connection, seen


def test_nothing_scans_the_table(told):
    """Every statement of a look and of a claim goes by an index of the deliveries."""
    connection, seen = told
    backlog, *_ = backlogs.all_of(connection)
    next(backlogs.due(connection, backlog, NOW), None)
    queue.look(connection, NOW)
    lanes.stranded(connection)
    assert len(seen) >= 6
    for statement, given in list(seen):
        assert not scans(connection, statement, given), statement


def test_resuming_scans_no_table(told):
    """A connection that goes on concerns what waits, not what was delivered in all the years."""
    connection, seen = told
    assert connections.resume(connection, "parked", NOW)
    for statement, given in list(seen):
        assert not scans(connection, statement, given), statement


def test_gauges_read_indexes_alone(told):
    """What /metrics asks of all deliveries looks at no row, but at the oldest one of each connection."""
    connection, seen = told
    counts = views.count_deliveries(connection)
    assert counts["parked", "waiting"] == counts["one", "waiting"] == MANY
    assert set(measures.oldest_waiting(connection)) >= {"one", "parked", "broken"}
    statements = list(seen)
    if connection.dialect.name == "sqlite":  # whose plans do not tell
        slow = "SELECT connection, min(created_at) FROM deliveries WHERE state = 'waiting' GROUP BY 1"
        rows = min(
            timed(lambda: connection.exec_driver_sql(slow).all()) for _ in range(10)
        )
        for ask in (views.count_deliveries, measures.oldest_waiting):
            assert min(timed(lambda: ask(connection)) for _ in range(10)) < rows
        return
    connection.exec_driver_sql("SET enable_seqscan = off")  # so few are read whole
    connection.exec_driver_sql("SET enable_bitmapscan = off")
    for statement, given in statements:
        plan = " ".join(plan_of(connection, statement, given))
        for name in ("claim", "behind"):
            assert f"Index Only Scan using ix_deliveries_{name}" in plan


def scans(connection, statement, given):
    """Whether a statement reads all deliveries, as the database itself plans it."""
    if statement.startswith("BEGIN"):
        return False
    whole = re.compile(r"SCAN (deliveries|n|f|other)$|Seq Scan on deliveries")
    return any(whole.search(step) for step in plan_of(connection, statement, given))


def plan_of(connection, statement, given):
    sqlite = connection.dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
    bound = tuple(given) if sqlite else given
    return [row[-1] for row in connection.exec_driver_sql(explain + statement, bound)]
