"""A SQLite store moves to PostgreSQL whole, or not at all, and at no time do both take events."""

import sqlite3
import subprocess
import sys
from decimal import Decimal

import aging
import pytest
from running import NOW
from sqlalchemy import insert, select, text

from bridge.errors import StoreUnavailable, StoreUnfit
from bridge.store import Database, audit, ensure_shape, migrate, pauses
from bridge.store.keeping import moving
from bridge.store.keeping.migrating import HEAD, MOVED, MOVING, revision
from bridge.store.tables import connections, deliveries, events, metadata
from bridge.store.tables import pauses as paused
from bridge.store.tables import rulesets

LEASE = ("owner", "lease_until")
ODD = {"text": "a\x00b \ud800 ñ", "exact": Decimal("1.50")}


def fill(connection):
    """A row or more in most tables, with what databases differ in."""
    for state in ("stored", "routed"):
        (event,) = aging.request(connection, 1, [state])
        for at in ("waiting", "sending", "held", "delivered", "dead"):
            aging.delivery(connection, event, at, 1, fields=ODD, ticket="a\x00\ud800")
    for lane in ("b", "B", "ñ", "a_"):  # databases sort these in different orders
        aging.mark(connection, lane, 1)
    parked = {"name": "c", "state": "parked", "reason": "401", "since": NOW}
    connection.execute(insert(connections), parked)
    active = {"hash": "h", "texts": {"a.yaml": "x"}, "activated_at": NOW}
    connection.execute(insert(rulesets), active)
    by = audit.By(person="ana", reason="vendor down")
    pauses.add(connection, pauses.Scope(rule="r"), by, NOW)
    audit.record(connection, by, "pause", {"rule": "r"}, NOW)


def move(old, new):
    moving.move(old, new, lambda line: None)


def contents(database):
    """Every value of every table, but for whose lease it is: the move ends leases."""
    found = {}
    with database.read() as connection:
        for table in metadata.sorted_tables:
            names = [one.name for one in table.c if one.name not in LEASE]
            rows = connection.execute(select(*(table.c[name] for name in names)))
            found[table.name] = sorted(map(repr, rows))
    return found


def at(database):
    with database.read() as connection:
        return revision(connection)


def takes_events(database):
    database.write(lambda c: aging.request(c, 0))


@pytest.fixture
def old(sqlite):
    sqlite.write(fill)
    return sqlite


def test_everything_is_moved(old, postgres):
    """Every row of every table is there with its number, and new numbers go on after the old ones."""
    before = contents(old)
    move(old, postgres)
    assert contents(postgres) == before
    assert sum(map(len, before.values())) > 30
    (new,) = postgres.write(lambda c: aging.request(c, 0))
    assert new == 3


def test_old_store_refuses_every_write(old, postgres):
    """After the move nothing can be accepted, claimed or changed where nobody reads, also by a process that runs on."""
    running = Database(str(old.url))
    running.write(lambda c: aging.request(c, 0))
    move(old, postgres)
    before = contents(old)
    for write in (
        takes_events,
        lambda d: d.write(lambda c: c.execute(deliveries.update().values(code="x"))),
        lambda d: d.write(lambda c: c.execute(paused.delete())),
    ):
        for database in (old, running):
            with pytest.raises(StoreUnavailable, match="moved to PostgreSQL"):
                write(database)
    running.close()
    assert contents(old) == before


def test_old_store_says_where_to_go(old, postgres):
    """A start on the old store ends with what to set."""
    move(old, postgres)
    for start in (ensure_shape, migrate):
        with pytest.raises(StoreUnfit, match="BRIDGE_DATABASE_URL"):
            start(old)


def test_what_was_being_sent_has_an_unknown_outcome(old, postgres):
    """Leases of the old store's workers are over; whoever takes over records that nobody knows."""
    move(old, postgres)
    with postgres.read() as connection:
        rows = connection.execute(
            select(deliveries.c.owner, deliveries.c.lease_until).where(
                deliveries.c.state == "sending"
            )
        ).all()
    assert [(owner, until.year) for owner, until in rows] == [("moved", 1970)] * 2


def test_full_target_is_refused(old, postgres):
    """Nothing is mixed: a target that holds one row stays as it is, and the old store goes on."""
    migrate(postgres)
    takes_events(postgres)
    with pytest.raises(StoreUnfit, match="not empty: it has payloads"):
        move(old, postgres)
    assert len(contents(postgres)["events"]) == 1
    takes_events(old)


def test_only_from_sqlite_to_postgresql(old, tmp_path):
    """Any other direction says which setting names what."""
    with pytest.raises(StoreUnfit, match="--from names the old one"):
        move(old, old)


def test_a_misspelt_name_moves_nothing(postgres, tmp_path):
    """A file that is not there, or that no bridge has used, is no store to move."""
    for name in ("none.db", "empty.db"):
        old = Database(f"sqlite:///{tmp_path}/{name}")
        (tmp_path / "empty.db").touch()
        with pytest.raises(StoreUnfit, match="no store"):
            move(old, postgres)
        old.close()
    assert at(postgres) is None and not (tmp_path / "none.db").exists()


def test_a_copy_that_differs_moves_nothing(old, postgres, monkeypatch):
    """A value changed on its way is found, nothing stays in the target, and the old store goes on."""
    real = moving._copy

    def altering(source, target, table):
        content = real(source, target, table)
        if table.name == "deliveries":
            target.exec_driver_sql("UPDATE deliveries SET ticket = 'x' WHERE id = 1")
        return content

    monkeypatch.setattr(moving, "_copy", altering)
    with pytest.raises(StoreUnavailable, match="deliveries differs"):
        move(old, postgres)
    assert at(postgres) == HEAD and not any(contents(postgres).values())
    takes_events(old)


KILLED = """
import os, signal, sys
from bridge.store import Database
from bridge.store.keeping import moving
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
real = moving._copy
def dying(source, target, table):
    return die() if table.name == "deliveries" else real(source, target, table)
old, new, point = sys.argv[1:]
setattr(moving, point, dying if point == "_copy" else die)
moving.move(Database(old), Database(new), print)
"""


def killed_at(point, old, new):
    url = new.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, str(old.url), url, point]
    assert subprocess.run(command, stdout=subprocess.DEVNULL).returncode == -9


def test_killed_while_copying(old, postgres):
    """The target holds nothing, the old store goes on, and the next move moves everything."""
    killed_at("_copy", old, postgres)
    assert at(postgres) == HEAD and not any(contents(postgres).values())
    takes_events(old)
    before = contents(old)
    move(old, postgres)
    assert contents(postgres) == before


def test_killed_before_the_old_store_is_closed(old, postgres):
    """The target is filled and refuses to run; the old store goes on, and the next move starts over."""
    killed_at("_close", old, postgres)
    assert at(postgres) == MOVING
    for start in (ensure_shape, migrate):
        with pytest.raises(StoreUnfit, match="migrate --from"):
            start(postgres)
    takes_events(old)
    before = contents(old)
    move(old, postgres)
    assert contents(postgres) == before and at(postgres) == HEAD


def test_killed_before_the_new_store_is_opened(old, postgres):
    """Neither takes anything; the next move compares both and opens the new one."""
    before = contents(old)
    killed_at("_open", old, postgres)
    assert (at(old), at(postgres)) == (MOVED, MOVING)
    with pytest.raises(StoreUnavailable, match="moved to PostgreSQL"):
        takes_events(old)
    move(old, postgres)
    assert contents(postgres) == before and at(postgres) == HEAD
    with pytest.raises(StoreUnfit, match="moved before"):
        move(old, postgres)


def test_old_store_waits_while_it_is_copied(old, postgres, monkeypatch):
    """Writers of other processes are locked out from the first row that is read to the end."""
    tried = []
    real = moving._copy

    def looking(source, target, table):
        with sqlite3.connect(old.url.database, timeout=0) as other:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.close()
        tried.append(table.name)
        return real(source, target, table)

    monkeypatch.setattr(moving, "_copy", looking)
    move(old, postgres)
    assert len(tried) == len(metadata.sorted_tables)


def test_store_of_an_older_release_is_moved(tmp_path, postgres):
    """The old store is brought to this release's shape first, so that both have the same columns."""
    from bridge.store.keeping.migrating import upgrade

    old = Database(f"sqlite:///{tmp_path}/old.db")
    with old.transaction() as connection:
        upgrade(connection, "0001")
    move(old, postgres)
    old.close()
    assert at(postgres) == HEAD
    with postgres.read() as connection:
        assert aging.count(connection, events) == 0


def test_an_old_store_may_take_long_to_read(old, postgres, monkeypatch):
    """While a large old store is read through, the session at the new one may wait longer than sessions may."""
    monkeypatch.setattr(moving, "_open", lambda target: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        move(old, postgres)  # killed between the second commit and the third
    monkeypatch.undo()
    content, limits = moving._content, set()

    def looking(connection, table):
        if connection.dialect.name == "postgresql":
            asked = text("SHOW idle_in_transaction_session_timeout")
            limits.add(connection.execute(asked).scalar_one())
        return content(connection, table)

    monkeypatch.setattr(moving, "_content", looking)
    move(old, postgres)
    assert at(postgres) == HEAD and limits == {"0"}
