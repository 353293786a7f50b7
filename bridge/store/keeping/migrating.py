"""Brings the tables to this release's shape with Alembic.

Migrations only add: an older release runs on a newer shape. A SQLite store is one machine's, so whatever starts on it
migrates it, after a backup beside it. A PostgreSQL store is shared by hosts that change releases one after another:
`bridge migrate` alone changes its tables, and everything else says so.
"""

from contextlib import closing
from pathlib import Path

from sqlalchemy import inspect, text

from bridge.errors import StoreUnfit
from bridge.store.database import aside
from bridge.store.database.dialect import one_at_a_time
from bridge.store.database.engine import Database
from bridge.store.database.lock import FileLock
from bridge.store.database.postgres import unhurried
from bridge.store.database.transaction import Transaction
from bridge.store.keeping import backup

HEAD = "0015"  # the newest file in migrations/versions; they are numbered in order
MOVING = "moving"  # in the place of a revision: filled by half, see moving.py
MOVED = "moved"  # all of it is in another database

_UNFIT = {
    MOVING: "a move into this store was not finished: run the same `bridge migrate --from` again",
    MOVED: "this store was moved to PostgreSQL and takes nothing any more: set BRIDGE_DATABASE_URL to that one",
}


def migrate(database: Database) -> bool:
    """Applies what is missing in one exclusive transaction; whether there was anything to do."""
    if database.dialect == "sqlite":
        # Payloads are for whoever runs the bridge; SQLite gives its log and index the mode of the file.
        file = Path(database.url.database)
        _require_whole(file)
        if not file.exists():
            file.touch(mode=0o600)
    with database.read() as tx:
        if not outdated(tx):
            return False
    with database.transaction() as tx:
        if database.dialect == "postgresql":
            unhurried(tx)
        one_at_a_time(tx, "migrate")
        if not outdated(tx):  # another process was first
            return False
        current = revision(tx)
        if current and database.dialect == "sqlite":
            backup.beside(database, current)
        upgrade(tx)
        return True


def _require_whole(file: Path) -> None:
    """Raises StoreUnfit where a restore goes on; after one that was broken off the store is made what it was."""
    aside.require_whole(file)
    if aside.second_names(file):
        with closing(FileLock(str(file))) as lock, lock.held():
            aside.require_whole(file)  # a restore held the lock
            aside.put_back(file)


def ensure_shape(database: Database) -> None:
    """What every start does. Raises StoreUnfit where the tables are not of a shape that this release can use."""
    if database.dialect == "sqlite":
        migrate(database)
        return
    with database.read() as tx:
        if outdated(tx):
            current = revision(tx) or "nothing"
            raise StoreUnfit(
                f"the store holds {current}, this release needs {HEAD}: run `bridge migrate`"
            )


def outdated(tx: Transaction) -> bool:
    """Whether migrations are missing; a newer release's are not. Raises StoreUnfit for a store amid or after a move."""
    current = revision(tx)
    if current in _UNFIT:
        raise StoreUnfit(_UNFIT[current])
    return current is None or current < HEAD


def revision(tx: Transaction) -> str | None:
    """The number of the last migration that was applied, or a word for a move; None for an empty database."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    query = text("SELECT version_num FROM alembic_version")
    number = tx.execute(query).scalar_one_or_none()
    return None if number is None else str(number)


def set_revision(tx: Transaction, to: str) -> None:
    """Writes the number of a migration, or a word for a move."""
    tx.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": to})


def upgrade(tx: Transaction, to: str = "head") -> None:
    """Imports Alembic, a quarter of a second, only where there is work for it."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "bridge.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = tx
    command.upgrade(config, to)
