"""Opening the database: the one place that knows SQLite from PostgreSQL.

SQLite runs in WAL mode with synchronous=FULL (NORMAL lost acknowledged rows in power cuts). Each write transaction
holds a blocking lock on `<database>.lock` beside the file: SQLite's own busy handler sleeps, and before 3.51.3
concurrent checkpoints could corrupt the file. The lock is never taken on the database file itself, since closing any
descriptor of that file would drop SQLite's own locks.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from bridge.errors import SettingsError, StoreUnavailable
from bridge.store.writer import Job, writer_for_this_process

T = TypeVar("T")


class Database:
    """Reads on any thread, writes through one writer. Open it after fork, one per process."""

    def __init__(self, url: str) -> None:
        self.url = _parse(url)
        self.dialect = self.url.get_backend_name()
        self._reader = _engine(self.url, writes=False)
        self._writing = _engine(self.url, writes=True)
        self._lock = _FileLock(self.url.database) if self.dialect == "sqlite" else None
        self._connection: Connection | None = None
        self._watcher: Any = (
            None  # a connection of its own: data_version counts the commits of others
        )
        self._seen = 0
        self._writer = writer_for_this_process(self.transaction)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A short snapshot. Never hold it across a call: a long reader makes the write-ahead log grow."""
        try:
            with self._reader.connect() as connection:
                yield connection
        except DBAPIError as error:
            cause = type(error.orig).__name__
            raise StoreUnavailable(f"the store cannot be read now ({cause})") from None

    def write(self, job: Job[T], timeout: float | None = None) -> T:
        """Runs the job in a (shared) transaction and returns its value after COMMIT. Raises StoreUnavailable."""
        return self._writer.write(job, timeout)

    def write_soon(self, job: Job[None]) -> None:
        """Runs a job in some next commit, without waiting and without a word when it is lost."""
        self._writer.write_soon(job)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One exclusive write transaction in the calling thread; `write` is what everyone but migrations uses."""
        with self._exclusive():
            if self._connection is None or self._connection.closed:
                self._connection = self._writing.connect()
            try:
                with self._connection.begin():
                    yield self._connection
            except DBAPIError:
                self._connection.invalidate()
                self._connection.close()
                raise

    def changed(self) -> bool:
        """Whether another connection committed since the last call; always True where the database cannot tell."""
        if self.dialect != "sqlite":
            return True
        if self._watcher is None:
            self._watcher = self._reader.raw_connection()
        version = self._watcher.cursor().execute("PRAGMA data_version").fetchone()[0]
        before, self._seen = self._seen, version
        return bool(version != before)

    def close(self) -> None:
        """Ends all connections; the last one of a SQLite file folds its log back in."""
        self._writer.close()
        with self._exclusive():
            for connection in (self._connection, self._watcher):
                if connection is not None:
                    connection.close()
            self._writing.dispose()
            self._reader.dispose()
        if self._lock:
            self._lock.close()

    def _exclusive(self) -> AbstractContextManager[None]:
        return self._lock.held() if self._lock else _nothing()


class _FileLock:
    """An inter-process lock that waits in the kernel, first come first served."""

    def __init__(self, database: str | None) -> None:
        self._file = open(f"{database}.lock", "ab")

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def held(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _parse(url: str) -> Any:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "BRIDGE_DATABASE_URL is not a database URL such as sqlite:///var/bridge.db"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        return parsed
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise SettingsError(
        "BRIDGE_DATABASE_URL must name a SQLite file or a PostgreSQL database"
    )


def _engine(url: Any, *, writes: bool) -> Engine:
    """A pool of one for the writer. SQLite transactions are begun by us: the driver would begin them deferred."""
    size = 1 if writes else 4
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=size, max_overflow=0, pool_pre_ping=True)
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        connect_args={
            "check_same_thread": False,
            "isolation_level": None,
            "timeout": 10,
        },
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    event.listen(engine, "connect", _pragmas(writes))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _pragmas(writes: bool) -> Callable[[Any, Any], None]:
    own = ("synchronous = FULL",) if writes else ("query_only = ON",)
    listed = (
        "journal_mode = WAL",
        *own,
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "cache_size = -16000",
    )

    def on_connect(connection: Any, _: Any) -> None:
        for pragma in listed:
            connection.execute(f"PRAGMA {pragma}")

    return on_connect
