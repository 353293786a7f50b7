"""How workers learn that there is something to do, and that it is a hint only."""

import time

import pytest
from sqlalchemy import text

from bridge.store import Database, announce, postgres


@pytest.fixture
def watching(database):
    """The same store as a worker opens it, with nothing new to it."""
    opened = Database(database.url.render_as_string(hide_password=False))
    while opened.changed():
        pass
    yield opened
    opened.close()


def heard(database, seconds=2):
    """Whether a change is seen in time."""
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
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        with database.read() as connection:
            connection.execute(text(kill))
        assert heard(watching)
    while watching.changed():
        pass
    with database.transaction() as connection:
        announce(connection)
        connection.execute(text("DELETE FROM rejections"))
    assert heard(watching)
