"""The lock of a SQLite store: for its own account alone, said and given up by commands, one for everybody."""

import os
import re
import stat
import subprocess
import sys
import threading
from contextlib import closing, contextmanager

import pytest

from bridge.errors import StoreUnavailable, StoreUnfit
from bridge.store import Database, migrate
from bridge.store.database import holders, lock, private
from bridge.store.database.lock import FileLock

NOBODY = 65534
HOLD = """
import fcntl, sys
file = open(sys.argv[1])
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(path):
    """Another process that holds the lock while the block runs; the process."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.communicate()


@pytest.fixture
def hurried(monkeypatch):
    """A patience that tests can wait for."""
    monkeypatch.setattr(lock, "SAY", 0.05)
    monkeypatch.setattr(lock, "PATIENCE", 0.3)


def mode(path):
    return oct(stat.S_IMODE(os.stat(path).st_mode))


def test_what_is_made_is_private(tmp_path):
    """The folders, the database and all that locks are their owner's alone, whatever the umask says."""
    before = os.umask(0)
    try:
        with closing(Database(f"sqlite:///{tmp_path}/a/b/bridge.db")) as store:
            migrate(store)
            with store.turn("prune"):
                pass
            found = {one.name: mode(one) for one in (tmp_path / "a" / "b").iterdir()}
    finally:
        os.umask(before)
    assert {"bridge.db", "bridge.db.lock", "bridge.db.prune"} <= {*found}
    assert {*found.values()} == {"0o600"}
    assert {mode(tmp_path / "a"), mode(tmp_path / "a" / "b")} == {"0o700"}


def test_folder_that_was_there_keeps_its_mode(tmp_path):
    """What an operator made is the operator's business."""
    tmp_path.chmod(0o750)
    Database(f"sqlite:///{tmp_path}/bridge.db").close()
    assert mode(tmp_path) == "0o750"


@pytest.mark.parametrize("name", ["lock", "prune"])
def test_wider_modes_of_before_are_repaired(sqlite, tmp_path, name):
    """A lock or turn that an older release made readable for all is closed when it is next used."""
    path = tmp_path / f"bridge.db.{name}"
    path.touch()
    path.chmod(0o666)
    with closing(Database(str(sqlite.url))) as store, store.turn("prune") as turn:
        assert turn.mine
    assert mode(path) == "0o600"


@pytest.mark.parametrize("name", ["lock", "prune"])
def test_another_account_cannot_open_them(sqlite, tmp_path, name):
    """So it cannot hold them either, where the folders are open to all and the umask hides nothing."""
    before = os.umask(0)
    with sqlite.turn("prune"):
        pass
    os.umask(before)
    assert opened_by_nobody(f"{tmp_path}/bridge.db.{name}") is False


def opened_by_nobody(path):
    """Whether another account may open a file, folders aside."""
    if os.geteuid() != 0:
        return bool(os.stat(path).st_mode & stat.S_IROTH)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.fchdir(folder)
            os.open(os.path.basename(path), os.O_RDONLY)
            code = 0
        finally:
            os._exit(code)
    os.close(folder)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("kind", ["stranger", "link", "pipe"])
@pytest.mark.parametrize("name", ["lock", "prune"])
def test_a_planted_file_is_refused(tmp_path, kind, name):
    """In a folder that all may write to, a file under our name is no lock of ours: the error names it."""
    path = tmp_path / f"bridge.db.{name}"
    if kind == "stranger":
        path.touch()
        os.chown(path, NOBODY, NOBODY)
    elif kind == "link":
        (tmp_path / "target").touch()
        path.symlink_to(tmp_path / "target")
    else:
        os.mkfifo(path)
    with pytest.raises(
        (StoreUnfit, StoreUnavailable, OSError), match=re.escape(str(path))
    ):
        with closing(Database(f"sqlite:///{tmp_path}/bridge.db")) as store:
            with store.turn(name):
                pass


def test_root_makes_locks_that_the_bridge_can_open(tmp_path):
    """A command that root runs leaves the lock to the account whose store it is."""
    os.chown(tmp_path, NOBODY, NOBODY)
    private.opened(f"{tmp_path}/bridge.db.lock", f"{tmp_path}/bridge.db").close()
    assert os.stat(tmp_path / "bridge.db.lock").st_uid == NOBODY


def test_a_command_says_for_whom_it_waits_and_gives_up(sqlite, tmp_path, hurried):
    """The line has the number, program and account of who holds the lock; nothing is written."""
    said = []
    with closing(Database(str(sqlite.url), said.append)) as store:
        with holding(f"{tmp_path}/bridge.db.lock") as process:
            who = f"bridge.db.lock is held by process {process.pid} (python"
            with pytest.raises(StoreUnavailable) as failed:
                store.write(lambda c: pytest.fail("it began"))
        store.write(lambda c: None)  # and goes on when the lock is free
    assert who in said[0] and who in str(failed.value)
    assert "account root" in said[0] or os.geteuid() != 0
    assert failed.value.exit_code == 4


def test_waiting_that_ends_in_time_is_no_failure(sqlite, tmp_path, monkeypatch):
    """A lock that is given back while somebody waits is theirs."""
    monkeypatch.setattr(lock, "SAY", 0.01)
    said = []
    with closing(Database(str(sqlite.url), said.append)) as store:
        with holding(f"{tmp_path}/bridge.db.lock") as process:
            timer = threading.Timer(0.2, process.stdin.close)
            timer.start()
            assert store.write(lambda c: "done") == "done"
            timer.join()
            process.stdin = None
    assert len(said) == 1


def test_what_was_given_up_is_not_kept(tmp_path, hurried):
    """The lock that comes after one gave up goes back at once, to whoever is next."""
    database = f"{tmp_path}/bridge.db"
    waiting, other = FileLock(database, lambda line: None), FileLock(database)
    with other.held():
        with pytest.raises(StoreUnavailable):
            waiting._take()
    with other.tried(30) as mine:
        assert mine
    waiting.close()
    other.close()


def test_closing_and_looking_do_not_wait(sqlite, tmp_path):
    """A command that only reads ends, and the doctor has its answer, while somebody holds the lock for ever."""
    with holding(f"{tmp_path}/bridge.db.lock") as process:
        store = Database(str(sqlite.url))
        assert f"process {process.pid} " in store.held_up()
        with store.read() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        store.close()
    with closing(Database(str(sqlite.url))) as store:
        assert store.held_up() is None


def test_a_removed_lock_is_still_one_lock(tmp_path):
    """Somebody removed the file: who had it open and who comes later agree on the new one."""
    database = f"{tmp_path}/bridge.db"
    old = FileLock(database)
    os.unlink(old.path)
    new = FileLock(database)
    with old.held(), new.tried(0) as both:
        assert not both
    with new.held(), old.tried(0) as both:
        assert not both
    old.close()
    new.close()


def test_a_process_without_a_name_is_still_a_sentence(tmp_path):
    """Where the system tells nothing, the message says so."""
    (tmp_path / "f").touch()
    assert "does not name" in holders.named(str(tmp_path / "f"))
    assert "does not name" in holders.named(str(tmp_path / "none"))


def test_words_of_a_command_are_not_shown(tmp_path):
    """What a process was started with may be a secret: its name and the bridge's command are enough."""
    (tmp_path / "f").touch()
    script = tmp_path / "bridge"
    script.write_text(HOLD.replace("argv[1]", "argv[2]"))
    process = subprocess.Popen(
        [sys.executable, script, "pause", tmp_path / "f", "--reason=canary"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    found = holders.named(str(tmp_path / "f"))
    process.communicate()
    assert f"process {process.pid} (bridge pause, account" in found
    assert "canary" not in found
