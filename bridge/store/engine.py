"""Opening the database: the one place that knows SQLite from PostgreSQL.

Around each write transaction SQLite's processes hold a blocking lock: its own busy handler sleeps, and before 3.51.3
concurrent checkpoints could corrupt the file.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bridge.errors import SettingsError, StoreUnavailable
from bridge.store.sqlite import FileLock, sqlite_engine
from bridge.store.writer import Job, writer_for_this_process

T = TypeVar("T")
POLL = 0.1  # seconds between looks where the database cannot tell cheaply


class Database:
    """Reads on any thread, writes through one writer. Open it after fork, one per process."""

    def __init__(self, url: str) -> None:
        self.url = _parse(url)
        self.dialect = self.url.get_backend_name()
        self._watcher: Connection | None = None
        self._reader = _engine(self.url, writes=False)
        self._writing = _engine(self.url, writes=True)
        self._lock = _lock(self.url.database) if self.dialect == "sqlite" else None
        self._connection: Connection | None = None
        self._seen = 0
        self._looked = 0.0
        self._writer = writer_for_this_process(self.transaction)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A short snapshot. Never hold it across a call: a long reader makes the write-ahead log grow."""
        try:
            with self._reader.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            cause = type(getattr(error, "orig", None) or error).__name__
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
            connection = self._connection or self._writing.connect()
            self._connection = None  # given back only by a commit
            try:
                with connection.begin():
                    yield connection
                    self._check_alive(connection)
            except BaseException:
                connection.invalidate()
                connection.close()
                raise
            self._connection = connection

    def _check_alive(self, connection: Connection) -> None:
        """SQLite ends a transaction by itself when the disk is full; the COMMIT after that would say nothing."""
        raw: Any = connection.connection.dbapi_connection
        if self.dialect == "sqlite" and not raw.in_transaction:
            raise StoreUnavailable(
                "the database rolled everything back: is the disk full?"
            )

    def changed(self) -> bool:
        """Whether another connection may have committed since the last call: worth a look at what is due."""
        if self.dialect != "sqlite":
            now = time.monotonic()
            due = now - self._looked > POLL
            self._looked = now if due else self._looked
            return due
        if (
            self._watcher is None
        ):  # one connection for all looks: each counts for itself
            self._watcher = self._reader.connect()
        query = "PRAGMA data_version"
        version = self._watcher.exec_driver_sql(query).scalar_one()
        self._watcher.rollback()  # else its snapshot would never see a change, and the log would grow
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


def _lock(database: str) -> FileLock:
    """The lock beside a SQLite file, its folder made where there is none."""
    try:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
        return FileLock(database)
    except OSError as error:
        folder = Path(database).parent
        raise StoreUnavailable(
            f"{folder} cannot be written ({error.strerror})"
        ) from None


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
        return parsed
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise SettingsError(
        "BRIDGE_DATABASE_URL must name a SQLite file or a PostgreSQL database"
    )


def _engine(url: Any, *, writes: bool) -> Engine:
    """A pool of one for the writer. Errors never show the values of a statement: they are payloads."""
    options: dict[str, Any] = {
        "pool_size": 1 if writes else 4,
        "max_overflow": 0,
        "pool_timeout": 2,  # seconds until a reader gives up
        "hide_parameters": True,
    }
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, **options)
    return sqlite_engine(url, options, writes=writes)
