"""Tables and migrations say the same, on both databases."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bridge.store import migrate, migrations
from bridge.store.keeping.migrating import HEAD
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


def test_head_names_the_newest_migration():
    """The revision that start-up compares with is the last file of migrations/versions."""
    versions = Path(migrations.__file__).parent / "versions"
    newest = sorted(path.name for path in versions.glob("[0-9]*.py"))[-1]
    assert newest.startswith(HEAD)


def test_database_of_a_newer_release_is_used_as_it_is(database):
    """A process of this release that restarts during an upgrade goes on: migrations only add."""
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert migrate(database) is False
