"""SQLite as the bridge uses it: how connections are set up, and how others' commits are seen.

WAL mode with synchronous=FULL: NORMAL lost acknowledged rows in power cuts.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from bridge.store.bell import Bell

# Bytes that the log keeps on disk. Each commit that leaves 4 MB in the log checkpoints it, under the lock; what a long
# reader made it grow to is given back when the log begins anew.
WAL_LIMIT = 16 * 1024 * 1024


def sqlite_engine(url: Any, options: dict[str, Any], *, writes: bool) -> Engine:
    """An engine whose transactions are begun by us: the driver would begin them deferred."""
    own = {"check_same_thread": False, "isolation_level": None, "timeout": 10}
    engine = create_engine(url, connect_args=own, **options)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    event.listen(
        engine,
        "connect",
        _pragmas("synchronous = FULL" if writes else "query_only = ON"),
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
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
        (found,) = raw.execute("PRAGMA data_version").fetchone()
        before, self._seen = self._seen, found
        return bool(found != before)

    def fileno(self) -> int | None:
        """Readable when `changed` may say something else; None where only asking tells."""
        return self._bell.fileno()

    def close(self) -> None:
        """Lets go of the connection."""
        self._bell.close()
        if self._connection is not None:
            self._connection.close()
