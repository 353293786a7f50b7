"""The note of who has a turn: it outlives the process that died at its work, and nothing else."""

import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from bridge.store import Database

DIE = """
import os, signal, sys
from bridge.store import Database
with Database(sys.argv[1]).turn("routing") as turn:
    for note in sys.argv[2:]:
        turn.note(note)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def left(database):
    """What whoever has the turn next finds."""
    with database.turn("routing") as turn:
        assert turn.mine
        return turn.left


@pytest.fixture
def url(database):
    return database.url.render_as_string(hide_password=False)


def killed(url, *notes):
    """Another process notes these, one after the other, and is killed during its turn."""
    run = subprocess.run([sys.executable, "-c", DIE, url, *notes])
    assert run.returncode == -signal.SIGKILL


def test_a_note_outlives_the_process(database, url):
    """R-35: whoever has the turn after a process that was killed finds what that one noted last."""
    killed(url, "together", "17 1")
    assert left(database) == "17 1"


def test_a_note_lasts_as_long_as_nobody_ends_a_turn_well(database, url):
    """R-35: a process that is killed before it notes anything takes no note away."""
    killed(url, "17 1")
    killed(url)
    assert left(database) == "17 1"


def test_a_shorter_note_replaces_a_longer_one(database, url):
    """Nothing of an older note is left behind a newer one."""
    killed(url, "9" * 50, "17 1")
    assert left(database) == "17 1"


@pytest.mark.parametrize("error", [None, RuntimeError])
def test_a_turn_that_ends_leaves_no_note(database, url, error):
    """R-35: a process that lives on, whatever failed in its turn, was not killed by what it noted."""
    killed(url, "17 1")
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


def test_turns_have_notes_of_their_own(database, url):
    """What one died at says nothing about another turn."""
    killed(url, "17 1")
    with database.turn("forgetting") as turn:
        assert turn.left == ""


@pytest.mark.parametrize("text", ["it's", "A", "a" * 51, "a\n", "é"])
def test_a_note_holds_what_any_store_holds(database, text):
    """A note goes into a statement as it is, so it cannot end one."""
    with database.turn("routing") as turn:
        with pytest.raises(ValueError):
            turn.note(text)
