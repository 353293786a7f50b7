"""SQLite: how connections are set up, and how other processes' commits are noticed.

WAL mode with synchronous=FULL: NORMAL lost acknowledged rows in power cuts.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from bridge.store.database.bell import Bell
from bridge.store.database.place import Place
from bridge.store.database.transaction import Transaction

# Bytes that the log keeps on disk. Each commit that leaves 4 MB in the log checkpoints it, under the lock; what a long
# reader made it grow to is given back when the log begins anew.
WAL_LIMIT = 16 * 1024 * 1024
# As the pragma tells it, and as it is told.
_SECURE = {0: "OFF", 1: "ON", 2: "FAST"}
BUSY = 10  # seconds that SQLite waits for a lock of its own


def sqlite_engine(
    url: Any, options: dict[str, Any], place: Place, *, writes: bool
) -> Engine:
    """An engine whose transactions are begun by us: the driver would begin them deferred."""
    own = {"check_same_thread": False, "isolation_level": None, "timeout": BUSY}
    engine = create_engine(url, connect_args=own, **options)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    event.listen(
        engine,
        "connect",
        _pragmas("synchronous = FULL" if writes else "query_only = ON"),
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    # SQLite would make a new file where the store is gone.
    event.listen(engine, "do_connect", lambda *_: place.require())
    event.listen(engine, "connect", lambda connection, _: place.opened(connection))
    event.listen(engine, "close", lambda connection, _: place.closed(connection))
    return engine


def _pragmas(own: str) -> Callable[[Any, Any], None]:
    listed = (
        "journal_mode = WAL",
        own,
        f"journal_size_limit = {WAL_LIMIT}",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "cache_size = -16000",  # KiB
    )

    def on_connect(connection: Any, _: Any) -> None:
        for pragma in listed:
            connection.execute(f"PRAGMA {pragma}")

    return on_connect


def fold_log(connection: Connection) -> None:
    """Puts all that the log holds into the database that this connection has open, and empties the log.

    For a log that nobody finds any more, or that somebody would take for another database's.
    """
    raw: Any = connection.connection.dbapi_connection
    with suppress(sqlite3.Error):  # the next one tries again
        raw.execute("PRAGMA busy_timeout = 0")  # readers are not waited for
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        raw.execute(f"PRAGMA busy_timeout = {BUSY * 1000}")


@contextmanager
def overwriting(tx: Transaction) -> Iterator[None]:
    """Overwrites with zeros what is deleted within; the commit folds the log, which holds it too."""
    if tx.dialect.name != "sqlite":
        yield
        return
    before = tx.exec_driver_sql("PRAGMA secure_delete").scalar_one()
    tx.exec_driver_sql("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        tx.exec_driver_sql(f"PRAGMA secure_delete = {_SECURE[before]}")
    tx.info["fold"] = True


class Watcher:
    """Sees whether another connection committed. One connection for all looks: each counts for itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._bell = Bell(f"{engine.url.database}.lock")
        self._connection: Connection | None = None
        self._seen = 0

    def changed(self) -> bool:
        """Whether there was a commit since the last call.

        Asked after every commit: by the driver itself, and outside a transaction, which would pin a snapshot.
        """
        if self._connection is None:
            self._connection = self._engine.connect()
        self._bell.quiet()  # before looking: what rings from now on is another change
        raw: Any = self._connection.connection.driver_connection
        (version,) = raw.execute("PRAGMA data_version").fetchone()
        before, self._seen = self._seen, version
        return bool(version != before)

    def fileno(self) -> int | None:
        """Readable when `changed` may say something else; None where only asking tells."""
        return self._bell.fileno()

    def close(self) -> None:
        """Lets go of the connection."""
        self._bell.close()
        if self._connection is not None:
            self._connection.close()
