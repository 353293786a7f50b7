"""The files of a SQLite store: removed, replaced, moved away or made read-only under a process, no commit succeeds."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

from bridge.errors import StoreGone, StoreUnavailable
from bridge.store import Database, migrate

COUNT = text("SELECT count(*) FROM numbers")


@pytest.fixture
def store(tmp_path):
    """A store with a table of its own, which a reader and the writer have open."""
    with closing(Database(f"sqlite:///{tmp_path}/bridge.db")) as database:
        migrate(database)
        database.write(lambda c: c.execute(text("CREATE TABLE numbers (n INTEGER)")))
        add(database, 1)
        yield database


def add(database, number):
    database.write(
        lambda c: c.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})
    )


def count(database):
    with database.read() as connection:
        return connection.execute(COUNT).scalar_one()


def removed(file):
    file.unlink()


def replaced(file):
    copy = file.with_name("copy")
    shutil.copyfile(file, copy)
    copy.rename(file)


def made_anew(file):
    """As `rm` and `touch` do."""
    file.rename(file.with_name("away"))
    file.touch()


def linked(file):
    """The name leads to another file."""
    other = file.with_name("other")
    shutil.copyfile(file, other)
    file.rename(file.with_name("away"))
    file.symlink_to(other)


def read_only(file):
    file.chmod(0o400)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
@pytest.mark.parametrize("harm", [removed, replaced, made_anew, linked, read_only])
def test_no_commit_beside_a_changed_file(store, tmp_path, harm, suffix):
    """Whichever file it is and whatever became of it: the next commit fails, and says which file it was."""
    file = tmp_path / f"bridge.db{suffix}"
    harm(file)
    for _ in range(2):
        with pytest.raises(
            StoreUnavailable, match=f"nothing can be stored: .*{file.name} is "
        ):
            add(store, 2)
        with pytest.raises(StoreUnavailable, match="nothing can be stored"):
            store.require_in_place()
    assert file.exists() == (harm is not removed)


def test_the_folder_that_was_moved_is_noticed(store, tmp_path):
    """Another folder in the place of the store's is no store, and gets none."""
    folder = tmp_path / "folder"
    with closing(Database(f"sqlite:///{folder}/bridge.db")) as other:
        migrate(other)
        folder.rename(tmp_path / "away")
        folder.mkdir()
        with pytest.raises(StoreGone):
            other.write(lambda c: c.execute(text("DELETE FROM events")))
    assert not (folder / "bridge.db").exists()


@pytest.mark.parametrize("during", [False, True])
def test_a_file_that_comes_back_is_well(store, tmp_path, during):
    """The same file under its name again, or writable again: the next commit counts, and nothing is twice."""
    file, away = tmp_path / "bridge.db", tmp_path / "away"
    file.rename(away)
    if during:
        with pytest.raises(StoreGone):
            add(store, 2)
    away.rename(file)
    add(store, 2)
    file.chmod(0o400)
    with pytest.raises(StoreUnavailable):
        add(store, 3)
    file.chmod(0o600)
    add(store, 3)
    assert count(store) == 3


def test_a_file_removed_during_a_transaction_ends_it(store, tmp_path):
    """The look is right before the commit: what happens while the jobs run is seen."""
    with pytest.raises(StoreGone):
        store.write(lambda c: os.unlink(tmp_path / "bridge.db"))


def test_no_connection_makes_a_new_store(store, tmp_path):
    """A reader that is opened later finds that the store is gone, where SQLite would make an empty one."""
    (tmp_path / "bridge.db").unlink()
    with store.read(), pytest.raises(StoreGone):
        with store.read() as second:
            second.execute(COUNT)
    assert not (tmp_path / "bridge.db").exists()


@pytest.mark.parametrize("away", ["bridge.db-wal", "bridge.db"])
def test_what_the_log_held_is_saved(store, tmp_path, away):
    """All that was committed is in the database alone once the harm is noticed, so that a killed process loses none."""
    rows = [(1,), *((n,) for n in range(10, 20))]
    for (number,) in rows[1:]:
        add(store, number)
    (tmp_path / away).rename(tmp_path / "away")
    with pytest.raises(StoreGone):
        add(store, 2)
    kept = tmp_path / ("away" if away == "bridge.db" else "bridge.db")
    alone = tmp_path / "alone.db"
    shutil.copyfile(kept, alone)
    with closing(sqlite3.connect(alone)) as connection:
        assert connection.execute("SELECT n FROM numbers").fetchall() == rows


def test_a_log_that_sqlite_makes_anew_is_no_harm(store, tmp_path):
    """The last connection removes the log, and the next one makes another: nobody took anything away."""
    with pytest.raises(StoreUnavailable):
        store.write(broken_off)
    store._reader.dispose()
    assert not (tmp_path / "bridge.db-wal").exists()
    (tmp_path / "bridge.db-wal").touch()  # so that it does not get the same inode
    add(store, 2)
    assert count(store) == 2


def broken_off(_):
    raise StoreUnavailable("the database went away")


def test_a_commit_costs_one_look_at_each_file(store, monkeypatch):
    """However much a commit holds, the busy path pays for three looks."""
    looks, look = [], os.stat

    def counted(path, **options):
        looks.append(os.path.basename(path))
        return look(path, **options)

    def job(connection):
        for number in range(50):
            connection.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})

    monkeypatch.setattr(os, "stat", counted)
    store.write(job)
    monkeypatch.undo()
    ours = [name for name in looks if not name.endswith(".lock")]
    assert ours == ["bridge.db", "bridge.db-wal", "bridge.db-shm"]
