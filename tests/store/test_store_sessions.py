"""What a session with PostgreSQL insists on, whatever the server's administrator chose."""

import pytest
from sqlalchemy import make_url, text

from bridge.errors import StoreUnavailable
from bridge.store import Database
from bridge.store.database.postgres import unhurried


@pytest.fixture
def careless(postgres_url):
    """A database whose commits are acknowledged before they are on disk, unless somebody objects."""
    url = make_url(postgres_url).update_query_dict(
        {"options": "-csynchronous_commit=off"}
    )
    opened = Database(url.render_as_string(hide_password=False))
    yield opened
    opened.close()


def shown(connection, name):
    return connection.execute(text(f"SHOW {name}")).scalar_one()


def test_commit_means_on_disk(careless):
    """A 2xx is a promise: asynchronous commits are switched off for what writes."""
    with careless.transaction() as connection:
        assert shown(connection, "synchronous_commit") == "on"


def test_stopped_process_does_not_keep_its_locks(careless):
    """A session that stands still inside a transaction is ended by the server, so that others go on."""
    with careless.transaction() as connection:
        assert shown(connection, "idle_in_transaction_session_timeout") == "10s"
        assert shown(connection, "lock_timeout") == "10s"
        assert shown(connection, "transaction_timeout") == "30s"


def test_a_shorter_limit_of_the_administrator_stays(postgres_url):
    """A limit that somebody set for the server's transactions is theirs."""
    url = make_url(postgres_url).update_query_dict(
        {"options": "-ctransaction_timeout=20s"}
    )
    opened = Database(url.render_as_string(hide_password=False))
    with opened.transaction() as connection:
        assert shown(connection, "transaction_timeout") == "20s"
    opened.close()


def test_what_changes_the_whole_store_takes_its_time(careless):
    """A migration, or a move, is not ended for being long: its transaction has no limit, the next one has."""
    with careless.transaction() as connection:
        unhurried(connection)
        assert shown(connection, "transaction_timeout") == "0"
        assert shown(connection, "idle_in_transaction_session_timeout") == "0"
    with careless.transaction() as connection:
        assert shown(connection, "transaction_timeout") == "30s"


def test_reading_cannot_write(careless):
    """What is read through `read` is read only, as on SQLite."""
    with pytest.raises(StoreUnavailable), careless.read() as connection:
        connection.execute(text("CREATE TABLE forbidden (a int)"))
