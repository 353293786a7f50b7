"""How workers learn that there is something to do, and that it is a hint only."""

import select
import time

import pytest
from sqlalchemy import text

from bridge.store import Database, announce
from bridge.store.database import bell, postgres


@pytest.fixture
def watching(database):
    """The same store as a worker opens it, with nothing new to it."""
    opened = Database(database.url.render_as_string(hide_password=False))
    while opened.changed():
        pass
    yield opened
    opened.close()


def heard(database, seconds=60):
    """Whether a change is seen, sooner or later."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if database.changed():
            return True
        time.sleep(0.01)
    return False


def test_commit_is_seen_once(database, watching):
    """What another process announced wakes a worker when it is committed, and once."""
    with database.transaction() as connection:
        announce(connection)
        connection.execute(text("DELETE FROM rejections"))
        assert not watching.changed()
    assert heard(watching)
    assert not watching.changed()


def test_rollback_announces_nothing(database, watching):
    """An announcement goes with its transaction, and not with the next one on the same connection."""
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        announce(connection)
        raise ZeroDivisionError
    with database.transaction() as connection:
        connection.execute(text("SELECT 1"))
    assert not heard(watching, seconds=0.2)


def test_listener_that_lost_its_session_listens_again(database, watching, monkeypatch):
    """After the database was away the worker looks at once, and hears again."""
    monkeypatch.setattr(postgres, "AGAIN", 0)
    if database.dialect == "postgresql":
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            " AND application_name = current_setting('application_name')"
        )
        with database.read() as connection:
            connection.execute(text(kill))
        assert heard(watching)
    while watching.changed():
        pass
    with database.transaction() as connection:
        announce(connection)
        connection.execute(text("DELETE FROM rejections"))
    assert heard(watching)


def test_waiting_for_a_change_needs_no_looking(database, watching):
    """What wakes a worker is a descriptor: quiet at first, readable after a commit, quiet once looked at."""
    told = watching.bell()
    assert told is not None
    assert not select.select([told], [], [], 0.2)[0]
    with database.transaction() as connection:
        announce(connection)
        connection.execute(text("DELETE FROM rejections"))
    assert select.select([told], [], [], 60)[0]
    assert watching.changed()
    assert not select.select([told], [], [], 0.2)[0]


def test_without_a_bell_a_change_is_seen_by_looking(sqlite, monkeypatch):
    """Where the system tells nothing of files there is no descriptor, and a look sees the commit all the same."""
    monkeypatch.setattr(bell, "_watch", lambda path: None)
    watching = Database(sqlite.url.render_as_string(hide_password=False))
    watching.changed()
    assert watching.bell() is None
    with sqlite.transaction() as connection:
        connection.execute(text("DELETE FROM rejections"))
    assert heard(watching)
    watching.close()
