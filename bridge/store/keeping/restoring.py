"""Replaces a SQLite store with a backup, paused: nothing that was sent after the backup is sent again unnoticed.

A store that a process has open is never replaced; one that holds something, or is damaged, is set aside by `force`.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, update

from bridge.errors import StoreUnavailable, StoreUnfit
from bridge.state import State
from bridge.store import audit, pauses
from bridge.store.audit import By
from bridge.store.database import aside
from bridge.store.database.engine import Database
from bridge.store.database.lock import FileLock, Tell
from bridge.store.database.transaction import Transaction
from bridge.store.keeping import backup
from bridge.store.keeping.migrating import outdated, upgrade
from bridge.store.pauses import Scope
from bridge.store.tables import deliveries, events

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What a restore did."""

    newest: datetime | None  # receipt of the last event in the backup
    waiting: int  # deliveries that the pause holds
    aside: Path | None  # where the store that was replaced is


def restore(
    file: Path,
    url: str,
    *,
    person: str,
    now: datetime,
    force: bool,
    tell: Tell | None = None,
) -> Restored:
    """Replaces the store, which nothing may have open, this process included. Raises StoreUnfit, StoreUnavailable."""
    target = _path(url)
    if not file.is_file():
        raise StoreUnfit(f"there is no file {file}")
    with _sqlite_errors(file), _alone(target, tell):
        occupied = target.exists() and _holds_something(target)
        if occupied and not force:
            raise StoreUnfit(
                f"{target} holds events, or is damaged: --force sets it aside and restores"
            )
        partial = aside.half_restored(target)
        _remove(partial)  # of a restore that was broken off
        try:
            newest, waiting = _prepare(file, partial, person, now)
            _give(target, partial)
            if target.exists():  # that takes minutes, in which a supervisor may start
                _fold_in_log(target)
            with aside.set_aside(target, now, keep=occupied) as before:
                backup.sync(target.parent)
                os.rename(partial, target)  # at no moment there is no store
        finally:
            _remove(partial)
        backup.sync(target.parent)
    return Restored(newest=newest, waiting=waiting, aside=before if occupied else None)


def _path(url: str) -> Path:
    database = Database(url)
    database.close()
    if database.dialect != "sqlite":
        raise StoreUnfit("only a SQLite store is restored by the bridge itself")
    return Path(database.url.database)


@contextmanager
def _sqlite_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"{file} cannot be restored ({error})") from None


@contextmanager
def _alone(target: Path, tell: Tell | None) -> Iterator[None]:
    """Holds the bridge's lock. Raises StoreUnfit while another process has the store open."""
    lock = FileLock(str(target), tell)
    try:
        with lock.held():
            aside.put_back(target)
            if target.exists():
                _fold_in_log(target)
            yield
    finally:
        lock.close()


def _fold_in_log(target: Path) -> None:
    """Leaves the write-ahead log, for which SQLite must be the only one who has the file open."""
    try:
        with closing(sqlite3.connect(target, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        # Anything else is damage, which is what a restore is for.
        if error.sqlite_errorcode & 0xFF in (
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
        ):
            raise StoreUnfit(
                f"{target} is in use: stop what runs on it, then restore"
            ) from None


def _holds_something(target: Path) -> bool:
    """Whether there are events, or anything that is not a sound store of ours."""
    with closing(sqlite3.connect(target)) as connection:
        try:
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
            event = "SELECT 1 FROM events LIMIT 1"
            return bool(tables) and connection.execute(event).fetchone() is not None
        except sqlite3.DatabaseError:
            return True


def _prepare(
    file: Path, partial: Path, person: str, now: datetime
) -> tuple[datetime | None, int]:
    """A store made of the backup, of this release's shape, paused: the newest receipt, and how much waits."""
    partial.touch(mode=0o600)
    with closing(
        sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    ) as source:
        if not source.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        ).fetchone():
            raise StoreUnfit(f"{file} is not a backup of a bridge")
        backup.copy(source, partial)
    database = Database(f"sqlite:///{partial}")
    try:
        prepared = database.write(lambda tx: _pause(tx, person, now))
    finally:
        database.close()
    with closing(sqlite3.connect(partial)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # nothing is left in a log
    backup.sync(partial)
    return prepared


def _pause(tx: Transaction, person: str, now: datetime) -> tuple[datetime | None, int]:
    """Stops everything; what was being sent when the backup was made has an unknown outcome at once."""
    if outdated(tx):
        upgrade(tx)
    newest = tx.execute(select(func.max(events.c.received_at))).scalar_one()
    unsent = deliveries.c.state.in_((State.WAITING, State.SENDING))
    waiting = tx.execute(select(func.count()).where(unsent)).scalar_one()
    since = f", whose newest event is of {newest:%Y-%m-%d %H:%M:%SZ}" if newest else ""
    by = By(person=person, reason=f"restored from a backup{since}")
    pauses.remove(tx, Scope())  # a pause of everything gets the new reason
    pauses.add(tx, Scope(), by, now)
    audit.record(tx, by, "restore", {}, now)
    tx.execute(
        update(deliveries)
        .where(deliveries.c.state == State.SENDING)
        .values(owner="restored", lease_until=_LONG_AGO)
    )
    return newest, waiting


def _give(target: Path, made: Path) -> None:
    """Gives the new file and its lock the old owner and mode: root may restore, but another account runs the bridge."""
    there = target.exists()
    before = (target if there else target.parent).stat()
    if there:
        made.chmod(before.st_mode & 0o777)
    if os.geteuid() == 0:
        for path in (made, Path(f"{target}.lock")):
            os.chown(path, before.st_uid, before.st_gid)


def _remove(partial: Path) -> None:
    # The file itself last: while it is there nothing starts.
    for suffix in (".lock", "-wal", "-shm", "-journal", ""):
        Path(f"{partial}{suffix}").unlink(missing_ok=True)
