"""SQLite's write-ahead log stays bounded, and gives back what a long reader made it grow to."""

from sqlalchemy import text

from bridge.store.database.sqlite import WAL_LIMIT

MIB = 2**20


def grow(database, mebibytes):
    """Writes so much, a commit for each, and leaves the tables as they were."""
    for _ in range(mebibytes):
        database.write(
            lambda c: c.execute(
                text("INSERT INTO rulesets VALUES ('h', :texts, 0)"),
                {"texts": "x" * MIB},
            )
        )
        database.write(lambda c: c.execute(text("DELETE FROM rulesets")))


def test_log_is_bounded_under_steady_writing(sqlite, tmp_path):
    """Commits checkpoint the log as they go: its size does not follow what was written."""
    grow(sqlite, 40)
    assert (tmp_path / "bridge.db-wal").stat().st_size < WAL_LIMIT


def test_log_shrinks_after_a_long_reader(sqlite, tmp_path):
    """A reader that stays makes the log grow; when it is gone, the log goes back to its limit by itself.

    Fails without journal_size_limit.
    """
    log = tmp_path / "bridge.db-wal"
    with sqlite.read() as connection:
        connection.execute(text("SELECT count(*) FROM rulesets")).scalar_one()
        grow(sqlite, 30)
        assert log.stat().st_size > WAL_LIMIT
    grow(sqlite, 3)
    assert log.stat().st_size <= WAL_LIMIT
