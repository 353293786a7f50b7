"""Backups made under load, and what a restore does before anything may run."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing

import aging
import pytest
from running import NOW, eventually
from sqlalchemy import select

from bridge.errors import StoreUnavailable, StoreUnfit
from bridge.store import Database, audit, migrate, pauses
from bridge.store.keeping import backup
from bridge.store.keeping import restoring as module
from bridge.store.keeping.restoring import restore
from bridge.store.tables import deliveries, events, payloads


def fill(connection, state="delivered"):
    (event,) = aging.request(connection, 0)
    aging.delivery(connection, event, state, 0)


def stopped(folder):
    """A store that nothing runs on any more, with a backup of it; the backup."""
    file = folder / "b.db"
    with closing(Database(f"sqlite:///{folder}/bridge.db")) as store:
        migrate(store)
        store.write(fill)
        backup.back_up(store, file)
        store.write(fill)
    return file


def count(file, table):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def rows(store):
    with store.read() as connection:
        return aging.count(connection, payloads)


def put_back(file, folder, force=False):
    """Restores into a folder's store; the result and the opened store."""
    url = f"sqlite:///{folder}/bridge.db"
    done = restore(file, url, person="ana", now=NOW, force=force)
    return done, Database(url)


@pytest.fixture
def backed_up(sqlite, tmp_path):
    """Makes a backup of a store that holds what the job wrote."""

    def make(job=fill, name="b.db"):
        sqlite.write(job)
        file = tmp_path / name
        backup.back_up(sqlite, file)
        return file

    return make


def test_backup_is_one_private_file(backed_up, tmp_path):
    """A backup is a database of its own, for its owner alone, with nothing beside it."""
    file = backed_up()
    assert count(file, "events") == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("*b.db*")) == ["b.db"]


def test_backup_overwrites_nothing(backed_up, sqlite):
    """A name that is taken is refused, even that of the store itself."""
    file = backed_up()
    for taken in (file, type(file)(sqlite.url.database)):
        with pytest.raises(StoreUnfit, match="exists"):
            backup.back_up(sqlite, taken)


def test_backup_that_fails_leaves_nothing(sqlite, tmp_path, monkeypatch):
    """A copy that SQLite finds damaged gets no name."""
    monkeypatch.setattr(
        backup, "check", lambda *_: (_ for _ in ()).throw(StoreUnavailable("damaged"))
    )
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StoreUnavailable):
        backup.back_up(sqlite, tmp_path / "b.db")
    assert sorted(tmp_path.iterdir()) == before


def test_damage_is_found(backed_up, tmp_path):
    """A file with a page overwritten is not restored."""
    file = backed_up(lambda c: [fill(c) for _ in range(200)])
    with file.open("r+b") as damaged:
        damaged.seek(file.stat().st_size // 2)
        damaged.write(os.urandom(8_192))
    (tmp_path / "new").mkdir()
    with pytest.raises(StoreUnavailable, match="damaged|restored"):
        put_back(file, tmp_path / "new")
    assert not (tmp_path / "new" / "bridge.db").exists()


def test_backup_under_load_restores(sqlite, tmp_path):
    """R-20: with another process writing all the while, backups end, and each restores to a whole store.

    Without the one snapshot for counts and copy the counts differ.
    """
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(sqlite.url)], stdout=subprocess.PIPE
    )
    try:
        assert writer.stdout.readline()  # it has begun
        files = [tmp_path / f"b{number}.db" for number in range(3)]
        for file in files:
            backup.back_up(sqlite, file)
            assert eventually(lambda: rows(sqlite) > count(file, "payloads"))
    finally:
        writer.kill()
        writer.communicate()
    sizes = [count(file, "payloads") for file in files]
    assert 0 < sizes[0] < sizes[1] < sizes[2]
    for number, file in enumerate(files):
        (tmp_path / str(number)).mkdir()
        _, restored = put_back(file, tmp_path / str(number))
        with restored.read() as connection:
            assert aging.count(connection, events) == sizes[number]
        restored.close()


WRITER = """
import sys
sys.path[:0] = ["tests/support", "tests/store"]
import aging
from bridge.store import Database
database = Database(sys.argv[1])
while True:
    database.write(lambda c: [aging.request(c, 0) for _ in range(5)])
    print(flush=True)
"""


def test_restored_store_is_paused(backed_up, tmp_path):
    """Nothing of a restored store is sent before a person saw it, and who restored it can be read."""
    file = backed_up(lambda c: fill(c, "waiting"))
    (tmp_path / "new").mkdir()
    done, store = put_back(file, tmp_path / "new")
    assert (done.newest, done.waiting, done.aside) == (NOW, 1, None)
    with store.read() as connection:
        (paused,) = pauses.listed(connection)
        (act,) = audit.newest(connection, limit=5)
    assert pauses.scope_of(paused) == pauses.Scope()
    assert paused["person"] == "ana" and "2026-11-22 12:00:00Z" in paused["reason"]
    assert act["action"] == "restore"
    store.close()


@pytest.mark.parametrize("like", ["bridge.db", ""])
def test_what_root_restores_the_bridge_can_write(
    backed_up, tmp_path, monkeypatch, like
):
    """Root gives the store to the owner of the one it replaces, with its mode, else to the folder's; the lock, too."""
    file, given = backed_up(lambda c: None), {}
    new = tmp_path / "new"
    new.mkdir()
    if like:
        put_back(file, new)[1].close()
        (new / like).chmod(0o640)
    owner = (7001, 7002)

    def stat(path, *args, **options):
        found = real(path, *args, **options)
        is_like = os.fspath(path) == os.fspath(new / like)
        return os.stat_result((*found[:4], *owner, *found[6:])) if is_like else found

    real = os.stat
    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, *ids: given.update({path.name: ids}))
    put_back(file, new)[1].close()
    monkeypatch.undo()
    assert set(given.values()) == {owner}
    assert set(given) == {".bridge.db.restored", "bridge.db.lock"}
    assert (new / "bridge.db").stat().st_mode & 0o777 == (0o640 if like else 0o600)


def test_pause_of_everything_in_the_backup_is_replaced(backed_up, tmp_path):
    """Whoever resumes reads that the store was restored, not why it was paused back then."""
    by = audit.By(person="bo", reason="vendor down")
    file = backed_up(lambda c: pauses.add(c, pauses.Scope(), by, NOW))
    (tmp_path / "new").mkdir()
    _, store = put_back(file, tmp_path / "new")
    with store.read() as connection:
        (paused,) = pauses.listed(connection)
    assert paused["person"] == "ana"
    store.close()


def test_what_was_being_sent_has_an_unknown_outcome(backed_up, tmp_path):
    """Its lease is nobody's and over, so the first worker takes it over and records that."""
    file = backed_up(lambda c: fill(c, "sending"))
    (tmp_path / "new").mkdir()
    _, store = put_back(file, tmp_path / "new")
    with store.read() as connection:
        found = select(deliveries.c.state, deliveries.c.owner, deliveries.c.lease_until)
        state, owner, until = connection.execute(found).one()
    assert (state, owner) == ("sending", "restored") and until.year == 1970
    store.close()


def test_store_in_use_is_not_replaced(tmp_path):
    """An open connection of another process, idle as it may be, stops a restore; force does not help."""
    file = stopped(tmp_path)
    held = subprocess.Popen(
        [sys.executable, "-c", HOLDER, f"sqlite:///{tmp_path}/bridge.db"],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    held.stdout.readline()
    try:
        with pytest.raises(StoreUnfit, match="in use"):
            put_back(file, tmp_path, force=True)
    finally:
        held.communicate()
    done, store = put_back(file, tmp_path, force=True)
    store.close()
    assert done.aside is not None


HOLDER = """
import sys
from bridge.store import Database, ensure_shape
database = Database(sys.argv[1])
ensure_shape(database)
print("open", flush=True)
sys.stdin.read()
"""


def test_store_that_holds_events_is_set_aside_only_when_told(tmp_path):
    """Without force nothing is touched; with it the old store is whole under a new name."""
    file = stopped(tmp_path)
    with pytest.raises(StoreUnfit, match="--force"):
        put_back(file, tmp_path)
    assert count(tmp_path / "bridge.db", "events") == 2
    done, store = put_back(file, tmp_path, force=True)
    with store.read() as connection:
        assert aging.count(connection, events) == 1
    store.close()
    assert count(done.aside, "events") == 2
    assert [path.name for path in tmp_path.iterdir() if "restored" in path.name] == []


def test_damaged_store_is_replaced_when_told(tmp_path):
    """What a restore is for: a store that SQLite cannot read is set aside with its log, not in the way."""
    file = stopped(tmp_path)
    with closing(Database(f"sqlite:///{tmp_path}/bridge.db")) as store:
        store.write(fill)
        log = (tmp_path / "bridge.db-wal").read_bytes()
    (tmp_path / "bridge.db").write_bytes(os.urandom(8_192))
    (tmp_path / "bridge.db-wal").write_bytes(log)
    with pytest.raises(StoreUnfit, match="damaged: --force"):
        put_back(file, tmp_path)
    done, store = put_back(file, tmp_path, force=True)
    with store.read() as connection:
        assert aging.count(connection, events) == 1
    store.close()
    assert done.aside.stat().st_size == 8_192
    assert done.aside.with_name(f"{done.aside.name}-wal").read_bytes() == log


def test_there_must_be_a_store(tmp_path):
    """A backup of a name that was misspelt is no success, and makes no store."""
    with closing(Database(f"sqlite:///{tmp_path}/bridge.db")) as store:
        with pytest.raises(StoreUnfit, match="no store"):
            backup.back_up(store, tmp_path / "b.db")
    assert not (tmp_path / "bridge.db").exists()


def test_empty_store_is_replaced(backed_up, tmp_path):
    """A bridge that was started once and received nothing is in nobody's way."""
    file = backed_up()
    (tmp_path / "new").mkdir()
    fresh = Database(f"sqlite:///{tmp_path}/new/bridge.db")
    migrate(fresh)
    fresh.close()
    done, store = put_back(file, tmp_path / "new")
    store.close()
    assert done.aside is None and count(tmp_path / "new" / "bridge.db", "events") == 1


def test_log_of_a_removed_store_is_not_replayed_over_the_restored_one(
    backed_up, sqlite, tmp_path
):
    """Somebody removed the database and left its log beside: the log is no part of what is restored."""
    file = backed_up()
    (tmp_path / "new").mkdir()
    sqlite.write(fill)
    wal = (tmp_path / "bridge.db-wal").read_bytes()
    assert wal
    (tmp_path / "new" / "bridge.db-wal").write_bytes(wal)
    _, store = put_back(file, tmp_path / "new")
    with store.read() as connection:
        assert aging.count(connection, events) == 1
    store.close()


def test_only_a_backup_of_a_bridge_is_restored(tmp_path):
    """Another database, or something that is none, is refused, and no file is left."""
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t (a)")
    text = tmp_path / "text"
    text.write_text("no database at all, but a text that is long enough to be read")
    (tmp_path / "new").mkdir()
    for file, error in ((other, StoreUnfit), (text, StoreUnavailable)):
        with pytest.raises(error):
            put_back(file, tmp_path / "new")
    assert not (tmp_path / "new" / "bridge.db").exists()


def test_intake_goes_on_during_a_backup(sqlite, tmp_path, monkeypatch):
    """While the copy is read, a write is committed."""
    sqlite.write(fill)
    copying, wrote = threading.Event(), threading.Event()
    real = backup.copy

    def slow(source, file):
        copying.set()
        assert wrote.wait(60)
        real(source, file)

    monkeypatch.setattr(backup, "copy", slow)
    thread = threading.Thread(target=backup.back_up, args=(sqlite, tmp_path / "b.db"))
    thread.start()
    assert copying.wait(60)
    sqlite.write(fill)
    wrote.set()
    thread.join()
    assert count(tmp_path / "b.db", "events") == 1


def test_a_process_that_starts_meanwhile_is_noticed(tmp_path, monkeypatch):
    """A supervisor that starts the bridge while the backup is copied: its store is not replaced under it."""
    file = stopped(tmp_path)
    started = Database(f"sqlite:///{tmp_path}/bridge.db")
    prepare = module._prepare

    def slow(*arguments):
        assert rows(started) == 2  # it keeps its connection
        return prepare(*arguments)

    monkeypatch.setattr(module, "_prepare", slow)
    with pytest.raises(StoreUnfit, match="in use"):
        put_back(file, tmp_path, force=True)
    assert rows(started) == 2
    started.close()
    assert not list(tmp_path.glob("*before-restore*"))


def test_a_store_that_cannot_be_read_is_not_in_use(tmp_path):
    """What SQLite cannot open for another reason than another process is damage: `force` sets it aside."""
    file = stopped(tmp_path)
    (tmp_path / "bridge.db-wal").mkdir()  # SQLite: unable to open database file
    done, restored = put_back(file, tmp_path, force=True)
    assert done.aside.exists() and rows(restored) == 1
    restored.close()


def test_a_backup_needs_its_folder(backed_up, sqlite, tmp_path):
    """A folder that is not there is said, not made: it may be a disk that is not mounted."""
    with pytest.raises(StoreUnfit, match="there is no folder .*none: make it"):
        backup.back_up(sqlite, tmp_path / "none" / "b.db")
