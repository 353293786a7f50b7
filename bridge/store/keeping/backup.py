"""Backups of a SQLite store, made while it is in use, by SQLite's own backup function and never by copying the file.

Readers and writers go on meanwhile: the copy is one long read, during which the log beside the database grows by
what is written. What gets the name that was asked for is whole, checked and on the disk. A backup holds what the store
holds: payloads, and no secret of a vendor or sender but what is sealed there.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.errors import StoreUnavailable, StoreUnfit
from bridge.store.database.engine import Database


def back_up(database: Database, file: Path) -> Mapping[str, int]:
    """Writes a backup, readable by its owner alone; how many rows each table has. Never overwrites a file."""
    if database.dialect != "sqlite":
        raise StoreUnfit("only a SQLite store is backed up by the bridge itself")
    if not Path(database.url.database).exists():
        raise StoreUnfit(f"there is no store at {database.url.database}")
    if file.exists():
        raise StoreUnfit(f"{file} exists: a backup overwrites nothing, name a new file")
    if not file.parent.is_dir():
        raise StoreUnfit(f"there is no folder {file.parent}: make it first")
    with _published_as(file) as partial, database.read() as tx:
        tx.begin()  # one snapshot for the counts and the copy
        source: Any = tx.connection.dbapi_connection
        counts = _counts(source)
        copy(source, partial)
        _check_counts(partial, counts)
    return counts


def beside(database: Database, revision: str) -> Path:
    """Backs up beside the database before its tables change, and deletes such backups of earlier changes."""
    path = Path(database.url.database)
    stem = f"{path.name}.before-migration-from-"
    earlier = list(path.parent.glob(f"{stem}*"))
    made = path.with_name(f"{stem}{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z")
    back_up(database, made)
    for old in earlier:
        old.unlink(missing_ok=True)
    return made


def copy(source: sqlite3.Connection, file: Path) -> None:
    """Copies a database into an empty file, and checks what it wrote."""
    with closing(sqlite3.connect(file, isolation_level=None)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside
        check(target, file)


def check(connection: sqlite3.Connection, file: Path) -> None:
    """Raises StoreUnavailable unless SQLite finds the database whole."""
    integrity = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    if integrity != "ok" or dangling is not None:
        raise StoreUnavailable(f"{file} is damaged: use another backup")


def sync(path: Path) -> None:
    """Puts a file, or a folder's list of names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _published_as(file: Path) -> Iterator[Path]:
    """A new file beside, mode 0600, that gets the name when everything went well, and is removed when not."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(descriptor)
    try:
        yield Path(name)
        sync(Path(name))
        os.rename(name, file)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the backup could not be made ({error})") from None
    finally:
        Path(name).unlink(missing_ok=True)
    sync(file.parent)


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for (name,) in tables
    }


def _check_counts(file: Path, counts: Mapping[str, int]) -> None:
    with closing(sqlite3.connect(file)) as connection:
        if _counts(connection) != counts:
            raise StoreUnavailable("the backup differs from the store: try again")
