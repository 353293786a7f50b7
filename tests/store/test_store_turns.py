"""The note of who has a turn: it outlives the process that died at its work, and nothing else."""

import signal
import subprocess
import sys
from contextlib import suppress

import pytest
from running import eventually
from sqlalchemy import text

from bridge.store import Database

DIE = """
import os, signal, sys
from bridge.store import Database
with Database(sys.argv[1]).turn("routing") as turn:
    for note in sys.argv[2:]:
        turn.note(note)
    os.kill(os.getpid(), signal.SIGKILL)
"""

HELD = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def left(database):
    """What whoever has the turn next finds."""
    with database.turn("routing") as turn:
        assert turn.mine
        return turn.left


@pytest.fixture
def killed(database):
    """Another process notes these, one after the other, is killed during its turn, and PostgreSQL has noticed it."""
    url = database.url.render_as_string(hide_password=False)

    def killed(*notes):
        run = subprocess.run([sys.executable, "-c", DIE, url, *notes])
        assert run.returncode == -signal.SIGKILL
        assert eventually(lambda: not is_somebodys_turn(database))

    return killed


def is_somebodys_turn(database):
    """Whether a session holds a turn. On SQLite the system gives it up with the process."""
    if database.dialect == "sqlite":
        return False
    with database.read() as tx:
        return tx.execute(HELD).scalar() > 0


def test_a_note_outlives_the_process(database, killed):
    """R-35: whoever has the turn after a process that was killed finds what that one noted last."""
    killed("together", "17 1")
    assert left(database) == "17 1"


def test_a_note_lasts_as_long_as_nobody_ends_a_turn_well(database, killed):
    """R-35: a process that is killed before it notes anything takes no note away."""
    killed("17 1")
    killed()
    assert left(database) == "17 1"


def test_a_shorter_note_replaces_a_longer_one(database, killed):
    """Nothing of an older note is left behind a newer one."""
    killed("9" * 50, "17 1")
    assert left(database) == "17 1"


@pytest.mark.parametrize("error", [None, RuntimeError])
def test_a_turn_that_ends_leaves_no_note(database, killed, error):
    """R-35: a process that lives on, whatever failed in its turn, was not killed by what it noted."""
    killed("17 1")
    with suppress(RuntimeError), database.turn("routing") as turn:
        turn.note("18 1")
        if error:
            raise error
    assert left(database) == ""


def test_a_turn_of_somebody_else_is_not_noted_in(database):
    """Only who has the turn reads and writes its note; who was denied may go ahead, and says nothing."""
    other = Database(database.url)
    with database.turn("routing") as mine:
        mine.note("17 1")
        with other.turn("routing") as denied:
            assert (denied.mine, denied.left) == (False, "")
            denied.note("18 1")
    other.close()
    assert left(database) == ""


def test_turns_have_notes_of_their_own(database, killed):
    """What one died at says nothing about another turn."""
    killed("17 1")
    with database.turn("forgetting") as turn:
        assert turn.left == ""


@pytest.mark.parametrize("text", ["it's", "A", "a" * 51, "a\n", "é"])
def test_a_note_holds_what_any_store_holds(database, text):
    """A note goes into a statement as it is, so it cannot end one."""
    with database.turn("routing") as turn:
        with pytest.raises(ValueError):
            turn.note(text)
