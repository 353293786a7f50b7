"""A claim while somebody holds an old snapshot: PostgreSQL keeps index entries of what was finished since (R-24)."""

from datetime import timedelta

import pytest
from running import NOW
from sqlalchemy import select, text
from state_guard import by_hand

from bridge.store.queue import backlogs
from bridge.store.tables import deliveries

FINISHED = 5_000
# Of the table, in this transaction; a row that is passed over is looked at as well.
_BLOCKS = text("SELECT pg_stat_get_xact_blocks_fetched('deliveries'::regclass)")


@pytest.fixture
def snapshot(postgres):
    """A stranger who looked once, and looks on."""
    with postgres.read() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        connection.execute(select(deliveries.c.id).limit(1))
        yield


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_a_snapshot_keeps_is_looked_at_once(database, add, request):
    """A backlog is read from its first delivery on, not again from the first entry that its index still has.

    Without `first` in backlogs.due it looks at all that was finished since the snapshot, for each claim once more.
    """
    request.getfixturevalue("snapshot")
    add("t1", now=NOW - timedelta(seconds=1))
    finish_many(database)
    add("t2")
    found, blocks = database.write(look)
    assert found.lane.endswith("/t2")
    assert blocks < 50


def look(connection):
    """What is due in the only line, and how many blocks it took to read that."""
    (backlog,) = backlogs.all_of(connection)
    before = connection.execute(_BLOCKS).scalar_one()
    (found,) = backlogs.due(connection, backlog, NOW)
    return found, connection.execute(_BLOCKS).scalar_one() - before


def finish_many(database):
    """Copies of the first delivery that waited and are finished, as it is itself, each in its turn."""
    names = [c.name for c in deliveries.c if c.name not in ("id", "idempotency_key")]
    same = ", ".join(f'"{name}"' for name in names)
    copy = (
        f"INSERT INTO deliveries ({same}) SELECT {same} FROM deliveries, "
        f"generate_series(1, {FINISHED})"
    )
    ended = "UPDATE deliveries SET state = 'delivered'"
    for statement in (copy, ended):
        by_hand(database, lambda c: c.exec_driver_sql(statement))
