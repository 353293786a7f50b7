"""A claim stays as fast however much waits, is parked, or was finished long ago."""

import re
import statistics
import time

import pytest
from running import NOW
from sqlalchemy import event

from bridge.store import lanes, lines, queue
from bridge.store.columns import microseconds
from bridge.store.tables import deliveries

MANY = 10_000  # of each kind; benchmarks measure it with a million


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
        "lane": lane,
        "idempotency_key": "NULL",
    }
    names = [column.name for column in deliveries.c if column.name != "id"]
    chosen = ", ".join(own.get(name, f"d.{name}") for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    database.write(
        lambda c: c.exec_driver_sql(
            f"INSERT INTO deliveries ({quoted}) SELECT {chosen} FROM {numbers},"
            " (SELECT * FROM deliveries ORDER BY id LIMIT 1) AS d"
        )
        and None
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
    assert statistics.median(looks) < 0.05
    assert statistics.median([timed(claim) for _ in range(20)]) < 0.1


def timed(what):
    started = time.perf_counter()
    what()
    return time.perf_counter() - started


def test_nothing_scans_the_table(crowded):
    """Every statement of a look and of a claim goes by an index of the deliveries."""
    crowded.write(lambda c: c.exec_driver_sql("ANALYZE") and None)
    seen = []
    engine = crowded._writing
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2:4]))
    with crowded.transaction() as connection:
        line, *_ = lines.lines(connection)
        next(lines.due(connection, line, NOW), None)
        queue.look(connection, NOW)
        lanes.stranded(connection)
        for statement, given in list(seen):
            assert not scans(connection, statement, given), statement


def scans(connection, statement, given):
    """Whether a statement reads all deliveries, as the database itself plans it."""
    if statement.startswith("BEGIN"):
        return False
    sqlite = connection.dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
    plan = [row[-1] for row in connection.exec_driver_sql(explain + statement, given)]
    whole = re.compile(r"SCAN (deliveries|n|f|other)$|Seq Scan on deliveries")
    return any(whole.search(step) for step in plan)
