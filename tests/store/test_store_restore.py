"""A restore that ends anywhere: a start finds the old store or the new one, or says what to do. Never an empty one."""

import os
import shutil
import subprocess
import sys
from contextlib import closing

import aging
import pytest
from running import NOW

from bridge.errors import StoreUnavailable, StoreUnfit
from bridge.store import Database, ensure_shape, migrate, require_there
from bridge.store.database import aside
from bridge.store.keeping import backup
from bridge.store.keeping.restoring import restore
from bridge.store.tables import events

OLD, NEW = 2, 1  # events

# Restores a copy of a folder again and again, killed one line later each time, until it ends by itself.
KILLED = """
import os, shutil, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from bridge.store.database import aside
from bridge.store.keeping import restoring as module
import alembic.command, alembic.config

WATCHED = {module.__file__, aside.__file__}

def restore(folder, lines):
    left = [lines]
    def trace(frame, event, _):
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)
    url = f"sqlite:///{folder}/bridge.db"
    module.restore(folder / "b.db", url, person="ana", now=datetime.now(UTC), force=True)
    os._exit(0)

template, killed = Path(sys.argv[1]), Path(sys.argv[2])
status, lines = None, 0
while status != 0:
    folder = killed / str(lines)
    shutil.copytree(template, folder)
    if not (pid := os.fork()):
        try:
            restore(folder, lines)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert status in (0, signal.SIGKILL), status
    lines += 1
"""


def fill(connection):
    (event,) = aging.request(connection, 0)
    aging.delivery(connection, event, "delivered", 0)


@pytest.fixture
def stopped(tmp_path):
    """A folder with a store on which nothing runs, and an older backup of it."""
    folder = tmp_path / "stopped"
    folder.mkdir()
    with closing(opened(folder)) as store:
        migrate(store)
        store.write(fill)
        backup.back_up(store, folder / "b.db")
        store.write(fill)
    return folder


def opened(folder):
    return Database(f"sqlite:///{folder}/bridge.db")


def started(folder):
    """What a start finds: how many events."""
    with closing(opened(folder)) as store:
        ensure_shape(store)
        with store.read() as connection:
            return aging.count(connection, events)


def put_back(folder):
    url = f"sqlite:///{folder}/bridge.db"
    return restore(folder / "b.db", url, person="ana", now=NOW, force=True)


def killed(template, folder):
    """A copy for each line at which a restore was killed, in their order; the last one ended well."""
    run = [sys.executable, "-c", KILLED, str(template), str(folder)]
    folder.mkdir()
    assert subprocess.run(run, stderr=subprocess.PIPE, text=True).returncode == 0
    return sorted(folder.iterdir(), key=lambda path: int(path.name))


def asides(folder):
    """The second names of stores."""
    return [*folder.glob("bridge.db.before-restore-*Z")]


@pytest.mark.slow
def test_a_restore_that_is_killed_anywhere_leaves_a_whole_store(stopped, tmp_path):
    """R-37: killed at any line, it leaves the old store or the new one, or a start refuses and says what to do.

    Either of both that it says leads on: the old store is whole, and so is the new one.
    """
    found, seen = [], set()
    for folder in killed(stopped, tmp_path / "killed"):
        again = tmp_path / "again" / folder.name
        names = frozenset(path.name[:28] for path in folder.iterdir())
        if names not in seen:
            seen.add(names)
            shutil.copytree(folder, again)
        try:
            found.append(started(folder))
        except StoreUnfit as error:
            found.append(None)
            half = aside.half_restored(folder / "bridge.db")
            assert "run `bridge restore` again" in str(error)
            assert f"remove {half}" in str(error)
            half.unlink()
            assert started(folder) == OLD
        if found[-1] == NEW:
            assert len(asides(folder)) == 1
        else:
            assert asides(folder) == []  # a second name of what runs
        if again.exists():
            put_back(again)
            assert started(again) == NEW
    refused, new = found.index(None), found.index(NEW)
    assert found[:refused] == [OLD] * refused
    assert set(found[refused:new]) == {None}
    assert set(found[new:]) == {NEW}


@pytest.mark.slow
def test_a_restore_that_is_killed_over_damage_keeps_the_log(stopped, tmp_path):
    """R-37: what cannot be read is found with its log, under the old name or the new one, at whatever line it ended."""
    damage = damaged(stopped)
    for folder in killed(stopped, tmp_path / "killed"):
        aside.half_restored(folder / "bridge.db").unlink(missing_ok=True)
        try:
            assert started(folder) == NEW
            (old,) = asides(folder)
        except StoreUnavailable:
            old = folder / "bridge.db"
        assert (old.read_bytes(), log(old).read_bytes()) == damage


def damaged(folder):
    """Overwrites a store, and leaves it the log of one that runs; the contents of both."""
    file = folder / "bridge.db"
    with closing(opened(folder)) as store:
        store.write(fill)
        contents = os.urandom(8_192), log(file).read_bytes()
    file.write_bytes(contents[0])
    log(file).write_bytes(contents[1])
    return contents


def log(file):
    return file.with_name(f"{file.name}-wal")


def test_a_last_step_that_fails_changes_nothing(stopped, monkeypatch):
    """A name that cannot be given: the old store has its log, and no second name."""
    damage = damaged(stopped)
    file = stopped / "bridge.db"
    real = os.rename

    def rename(old, new):
        if new == file:
            raise OSError("no")
        real(old, new)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(OSError, match="no"):
        put_back(stopped)
    assert (file.read_bytes(), log(file).read_bytes()) == damage
    names = {path.name for path in stopped.iterdir()}
    assert names <= {"b.db", "bridge.db", "bridge.db-wal", "bridge.db-shm"} | {
        "bridge.db.lock"
    }


def test_an_interrupt_after_the_last_step_loses_no_store(stopped, monkeypatch):
    """Ctrl-C just when the restored store got its name: the one before it is kept all the same."""
    real = os.rename

    def rename(old, new):
        real(old, new)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        put_back(stopped)
    assert started(stopped) == NEW
    (old,) = asides(stopped)
    os.replace(old, stopped / "bridge.db")
    assert started(stopped) == OLD


def test_a_file_system_without_links(stopped, monkeypatch):
    """The old store is copied where it cannot get a second name, for its owner alone."""

    def link(*_):
        raise PermissionError

    monkeypatch.setattr(os, "link", link)
    old = put_back(stopped).aside
    assert started(stopped) == NEW
    assert old.stat().st_mode & 0o777 == 0o600
    os.replace(old, stopped / "bridge.db")
    assert started(stopped) == OLD


def test_two_restores_at_once_overwrite_no_store(stopped):
    """A second name that is taken is refused before anything is changed."""
    put_back(stopped)
    with closing(opened(stopped)) as store:
        store.write(fill)
    with pytest.raises(StoreUnfit, match="exists: move it"):
        put_back(stopped)
    assert started(stopped) == OLD
    assert len(asides(stopped)) == 1


@pytest.mark.parametrize("there", [True, False])
def test_nothing_starts_next_to_an_unfinished_restore(stopped, there):
    """Whether there is a store or not, what starts and what looks are told of the restore, and make nothing."""
    file = stopped / "bridge.db"
    if not there:
        file.unlink()
    aside.half_restored(file).touch()
    with pytest.raises(StoreUnfit, match="broken off"):
        started(stopped)
    with pytest.raises(StoreUnfit, match="broken off"):
        require_there(f"sqlite:///{file}")
    assert file.exists() == there


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_a_log_without_its_store_is_not_thrown_away(stopped, suffix):
    """A store that was moved by mistake leaves its log: no empty one is made there, for SQLite would remove the log."""
    file = stopped / "bridge.db"
    file.unlink()
    left = file.with_name(f"bridge.db{suffix}")
    left.write_bytes(b"a log" * 1_000)
    with pytest.raises(StoreUnfit, match="put the store back"):
        started(stopped)
    assert left.stat().st_size == 5_000 and not file.exists()
    left.unlink()
    assert started(stopped) == 0


def test_what_a_restore_set_aside_is_in_nobodys_way(stopped):
    """After a restore that ended, a bridge starts on what it made, and on an empty store where that is moved away."""
    put_back(stopped)
    assert started(stopped) == NEW
    (stopped / "bridge.db").rename(stopped / "elsewhere.db")
    assert started(stopped) == 0
    assert len(asides(stopped)) == 1
