"""Tables and migrations say the same, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bridge.store import migrate
from bridge.store.tables import metadata


def test_migrations_make_the_tables(database):
    """A migrated store differs in nothing from tables.py."""
    with database.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_does_nothing(database):
    """A store of this release is left alone."""
    assert migrate(database) is False


def test_sqlite_is_durable_and_logged_ahead(sqlite):
    """A commit is on the disk before anyone is answered: WAL with synchronous=FULL (2) on the writing connection."""
    with sqlite.transaction() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
