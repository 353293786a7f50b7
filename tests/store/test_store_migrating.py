"""From one release's tables to the next: with data in them, killed half-way, and by whom."""

import subprocess
import sys

import pytest

from bridge.errors import StoreUnfit
from bridge.store import Database, ensure_shape, migrate
from bridge.store.keeping.migrating import HEAD, revision, upgrade

# What a store of the first release held, in the words of that release.
FIRST = """
INSERT INTO payloads (id, received_at, method, target, headers, body) VALUES (1, 5, 'POST', '/hooks/shop', '{}', 'x');
INSERT INTO events (id, source, event_id, type, received_at, payload_id, live, digest, state)
    VALUES (1, 'shop', 'e1', 'paid', 5, 1, true, 'd', 'routed');
INSERT INTO connection_specs (hash, spec) VALUES ('s', '{}');
INSERT INTO connections (name, state, reason, since) VALUES ('vambe', 'parked', '401', 5);
INSERT INTO deliveries (id, event, rule, item_key, operation, connection, spec, ticket, lane, call, fields, stale,
        retries, ruleset, state, code, reason, attempts, due_at, created_at, age_from)
    VALUES (1, 1, 'r', '', 'o', 'vambe', 's', 't', 'l', '{}', '{}', 'send', '{}', 'h', 'waiting', '', '', 0, 5, 5, 5)
"""


@pytest.fixture
def first(untouched):
    """A store of the first release with data in it, as its own migration made it."""
    with untouched.transaction() as connection:
        upgrade(connection, "0001")
        for statement in FIRST.split(";"):
            connection.exec_driver_sql(statement)
    return untouched


def one(store, query):
    with store.read() as connection:
        return tuple(connection.exec_driver_sql(query).one())


def at(store):
    with store.read() as connection:
        return revision(connection)


def copies(folder):
    return sorted(path.name for path in folder.glob("*before-migration*"))


def test_data_of_the_first_release_is_kept(first):
    """Every row means what it meant, and what is new says so: a delivery knows its source."""
    assert migrate(first) is True and at(first) == HEAD
    query = "SELECT source, ticket, state, coalesce, replay_of FROM deliveries"
    assert one(first, query) == ("shop", "t", "waiting", False, None)
    assert one(first, "SELECT state, failures FROM connections") == ("parked", 0)
    assert one(
        first,
        "SELECT event_id, pruned_at FROM events JOIN payloads"
        " ON payloads.id = payload_id",
    ) == ("e1", None)
    assert one(first, "SELECT count(*) FROM ledger") == (0,)


def test_first_release_runs_on_the_new_tables(first):
    """While hosts change releases one after another, the older one goes on writing what it always wrote."""
    migrate(first)
    with first.transaction() as connection:
        for statement in FIRST.replace("(1, ", "(2, ").split(";"):
            if "connection" in statement.split("(")[0]:
                continue
            statement = statement.replace("'e1'", "'e2'").replace(
                "5, 1, true", "5, 2, true"
            )
            connection.exec_driver_sql(statement)
    query = "SELECT count(*) FROM deliveries JOIN events ON events.id = event"
    assert one(first, query) == (2,)


KILLED = """
import os, signal, sys
from alembic import op
from bridge.store import Database, migrate
real, made = op.create_table, []
def dying(*arguments, **options):
    made.append(1)
    if len(made) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)
op.create_table = dying
migrate(Database(sys.argv[1]))
"""


def test_killed_half_way(first):
    """R-22: nothing of a migration that was killed is there, the data is, and the next one does all of it."""
    url = first.url.render_as_string(hide_password=False)
    assert subprocess.run([sys.executable, "-c", KILLED, url]).returncode == -9
    assert at(first) == "0001"
    assert one(first, "SELECT ticket FROM deliveries") == ("t",)
    assert migrate(first) is True and at(first) == HEAD


def test_postgresql_is_migrated_by_its_command_alone(first):
    """A start migrates the store of one machine; on one that hosts share it says what to run, and changes nothing."""
    if first.dialect == "sqlite":
        ensure_shape(first)
        assert at(first) == HEAD
        return
    with pytest.raises(StoreUnfit, match="holds 0001.*`bridge migrate`"):
        ensure_shape(first)
    assert at(first) == "0001"
    migrate(first)
    ensure_shape(first)


def test_empty_postgresql_is_not_filled_by_a_start(postgres):
    """Tables come from `bridge migrate`, also the first."""
    with pytest.raises(StoreUnfit, match="`bridge migrate`"):
        ensure_shape(postgres)
    assert at(postgres) is None


def test_two_migrations_at_once_are_one(first):
    """Whoever comes second finds everything done."""
    url = first.url.render_as_string(hide_password=False)
    code = (
        "import sys; from bridge.store import *; print(migrate(Database(sys.argv[1])))"
    )
    racing = [
        subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    said = sorted(process.communicate()[0].decode().split()[-1] for process in racing)
    assert said == ["False", "False", "True"]


def test_sqlite_is_backed_up_before_it_is_changed(tmp_path):
    """A copy of the old shape lies beside, named by revision and time; that of an earlier migration goes."""
    earlier = tmp_path / "bridge.db.before-migration-from-0000-20260101T000000Z"
    earlier.write_text("")
    store = Database(f"sqlite:///{tmp_path}/bridge.db")
    with store.transaction() as connection:
        upgrade(connection, "0001")
    assert copies(tmp_path) == [earlier.name]
    migrate(store)
    store.close()
    (name,) = copies(tmp_path)
    assert name.startswith("bridge.db.before-migration-from-0001-2")
    kept = Database(f"sqlite:///{tmp_path}/{name}")
    assert at(kept) == "0001"
    kept.close()


def test_new_sqlite_store_needs_no_backup(sqlite, tmp_path):
    """The first start makes the tables, and nothing beside."""
    assert at(sqlite) == HEAD and copies(tmp_path) == []
