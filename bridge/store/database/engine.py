"""Opens the database; the one place that decides between SQLite and PostgreSQL.

Around each write transaction SQLite's processes hold a blocking lock: its own busy handler sleeps, and before 3.51.3
concurrent checkpoints could corrupt the file.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bridge.errors import SettingsError, StoreGone, StoreUnavailable, StoreUnfit
from bridge.store.database import aside, faults, private
from bridge.store.database.disk import Disk
from bridge.store.database.lock import FileLock, Tell
from bridge.store.database.place import Place
from bridge.store.database.postgres import (
    Listener,
    commit,
    postgres_engine,
    require_whole,
)
from bridge.store.database.sqlite import Watcher, fold_log, sqlite_engine
from bridge.store.database.transaction import Transaction
from bridge.store.database.turn import Turn, by_file, by_session
from bridge.store.database.writer import Job, writer_for_this_process

T = TypeVar("T")


class Database:
    """Reads on any thread, writes through one writer. Open it after fork, one per process.

    `tell` gets a line for people when somebody else has to be waited for; it is logged otherwise.
    """

    def __init__(self, url: str, tell: Tell | None = None) -> None:
        self.url = _parse(url)
        self.dialect = self.url.get_backend_name()
        # Of a database that is a file here:
        self._lock: FileLock | None = None
        self._disk: Disk | None = None
        self._place: Place | None = None
        if self.dialect == "sqlite":
            self._lock = _lock(self.url.database, tell)
            self._disk = Disk(Path(self.url.database).parent)
            self._place = Place(self.url.database)
        self._reader = self._engine(writes=False)
        self._writing = self._engine(writes=True)
        self._connection: Connection | None = None
        watcher = Watcher if self.dialect == "sqlite" else Listener
        self._watcher = watcher(self._reader)
        self._writer = writer_for_this_process(self.transaction, self._why_late)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A short snapshot. Never hold it across a call: a long reader makes the write-ahead log grow."""
        with self._telling(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def turn(self, what: str) -> Iterator[Turn]:
        """The turn at `what`, ours where nobody else has it on any host: saves doing it twice, and promises nothing."""
        if self.dialect == "sqlite":
            turn = by_file(self.url.database, what)
        else:
            turn = by_session(self._reader, what)
        with self._telling(), turn as asked:
            yield asked

    def require_room(self, least: int) -> None:
        """Raises StoreUnavailable when the disk of a SQLite database has fewer than `least` bytes free."""
        if self._disk:
            self._disk.require(least)

    def require_in_place(self) -> None:
        """Raises StoreUnavailable when what is written to a SQLite database would be lost, or may not be written."""
        if self._place:
            self._place.require()

    def write(self, job: Job[T], timeout: float | None = None) -> T:
        """Runs the job in a (shared) transaction and returns its value after COMMIT. Raises StoreUnavailable."""
        return self._writer.write(job, timeout)

    def write_soon(self, job: Job[None]) -> None:
        """Runs a job in some next commit, without waiting and without a word when it is lost."""
        self._writer.write_soon(job)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One exclusive write transaction in the calling thread; `write` is what everyone but migrations uses.

        After an error of the database the connection is closed, above all after a failed fsync: what the kernel holds
        of that transaction is unknown, and SQLite writes the same part of its log anew.
        """
        with self._exclusive():
            connection = self._connection or self._writing.connect()
            self._connection = None
            for left in ("announced", "fold"):  # by a transaction that failed
                connection.info.pop(left, None)
            well = False
            try:
                with connection.begin():
                    yield connection
                    self._before_commit(connection)
                well = True
                if connection.info.pop("fold", False):
                    fold_log(connection)
                if self._lock:
                    self._lock.tell()
            except StoreGone:
                # What the log holds can be saved by this connection alone, which is well if the files come back.
                fold_log(connection)
                well = True
                raise
            except Exception as error:
                well = faults.database_is_well(error)
                raise
            finally:
                if well:
                    self._connection = connection
                else:
                    connection.invalidate()
                    connection.close()

    def _before_commit(self, tx: Transaction) -> None:
        """The COMMIT of a transaction that is no more would say nothing: SQLite ends it when the disk is full."""
        announced = tx.info.pop("announced", False)
        if self.dialect == "sqlite":
            raw: Any = tx.connection.dbapi_connection
            if not raw.in_transaction:
                raise StoreUnavailable(
                    "the database rolled everything back: is the disk full?"
                )
            self.require_in_place()
            return
        require_whole(tx)
        if announced:
            commit(tx)

    def changed(self) -> bool:
        """Whether another connection may have committed since the last call: worth a look at what is due."""
        return self._watcher.changed()

    def bell(self) -> int | None:
        """A descriptor that is readable when `changed` may say something else; None where one has to ask."""
        return self._watcher.fileno()

    def close(self) -> None:
        """Ends all connections; the last one of a SQLite file folds its log back in."""
        self._writer.close()
        # Without the lock after a second: then another process has the file open, or SQLite sees that there is none.
        with self._lock.tried() if self._lock else _nothing():
            self._watcher.close()
            if self._connection is not None:
                self._connection.close()
            self._writing.dispose()
            self._reader.dispose()
        if self._lock:
            self._lock.close()

    def held_up(self) -> str | None:
        """Who keeps everybody from writing to a SQLite store, seen for a second; None when nobody does."""
        if not self._lock:
            return None
        with self._lock.tried() as free:
            return None if free else self._lock.holders()

    def _why_late(self) -> str:
        """What a commit that takes long waits for."""
        if self._lock and self._lock.is_late():
            return self._lock.holders()
        return "the disk or the database is slow"

    def _engine(self, *, writes: bool) -> Engine:
        """A pool of one for the writer. Errors never show the values of a statement: they are payloads."""
        options: dict[str, Any] = {
            "pool_size": 1 if writes else 4,
            "max_overflow": 0,
            "pool_timeout": 2,  # seconds until a reader gives up
            "hide_parameters": True,
        }
        if self._place:
            return sqlite_engine(self.url, options, self._place, writes=writes)
        return postgres_engine(self.url, options, writes=writes)

    def _exclusive(self) -> AbstractContextManager[None]:
        return self._lock.held() if self._lock else _nothing()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Errors of the database as ours, with what to look at."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            why = type(cause).__name__
            where = "is BRIDGE_DATABASE_URL right, and its database up?"
            if self.dialect == "sqlite":  # whose messages hold no values
                why, where = f"{why}: {cause}", f"look at {self.url.database}"
            kind = faults.kind(error)
            raise kind(f"the store cannot be read now ({why}): {where}") from None


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite store, which opening would make; None for PostgreSQL. Raises SettingsError."""
    parsed = _parse(url)
    is_file = parsed.get_backend_name() == "sqlite"
    return Path(parsed.database) if is_file else None


def is_there(url: str) -> bool:
    """Whether there is a store to open, as far as can be seen without opening it."""
    file = sqlite_file(url)
    return file is None or file.exists()


def require_there(url: str) -> None:
    """Raises StoreUnfit where a SQLite store was never made, or is being restored: what looks would find nothing."""
    file = sqlite_file(url)
    if file is None:
        return
    aside.require_whole(file)
    if not file.exists():
        raise StoreUnfit(
            f"there is no store at {file.absolute()}: set BRIDGE_DATABASE_URL to the one that the bridge runs on"
            " (`bridge serve` or `bridge migrate` makes a new one)"
        )


def _lock(database: str, tell: Tell | None) -> FileLock:
    """The lock beside a SQLite file, its folder made where there is none."""
    try:
        private.make_folder(Path(database).parent)
        return FileLock(database, tell)
    except PermissionError as error:
        raise StoreUnavailable(
            f"{error.filename} may not be written by this account: run this as the one that the bridge runs as"
        ) from None
    except OSError as error:
        raise StoreUnavailable(
            f"{error.filename} cannot be written ({error.strerror})"
        ) from None


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _parse(url: str) -> Any:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "not a database URL: write one such as sqlite:///var/bridge.db"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise SettingsError(
        "a database URL must name a SQLite file or a PostgreSQL database"
    )
