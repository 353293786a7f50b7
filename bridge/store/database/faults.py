"""Reads database errors: is the database away, or does it refuse this one statement?

It is judged by its SQLSTATE (PostgreSQL) or its result code (SQLite), never by the class that a driver gave it: psycopg
calls a row that is too long for an index, an integer that no column holds and a lost connection all "operational".
What is not known to mean "away" is the thing's own fault: it is then tried by itself, and stops nothing else.
"""

import sqlite3
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bridge.errors import StoreLost, StoreRefused, StoreUnavailable

BUSY = "the store cannot take a write now; nothing was accepted, send it again"

# PostgreSQL: classes and codes. Memory (53200) and a session that ended may be what one statement did to it.
_LOST = ("08", "53", "57", "25P03", "25P04", "40003")
_AWAY = (
    *("53100", "53300"),  # the disk is full, too many connections
    *("58", "F0", "XX001", "XX002"),  # files, configuration, pages that cannot be read
    *("28", "42501", "25006"),  # may not log in, may not write, may only read
    "55P03",  # a lock is not given
    *("0A000", "26000"),  # a plan of before a migration: the next connection has none
)
_CROSSED = ("40001", "40P01")  # serialization failure, deadlock: another try helps

# SQLite: primary codes.
_SQLITE_LOST = (sqlite3.SQLITE_NOMEM,)
_SQLITE_AWAY = (
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_NOTADB,
)
_MOVED = "moved to PostgreSQL"  # what a trigger of moving.py says


def database_is_well(error: BaseException) -> bool:
    """Whether a job failed by itself, or two processes waited for each other: then another try helps."""
    if isinstance(error, StoreUnavailable):
        return False
    if not isinstance(error, SQLAlchemyError):
        return not isinstance(error, OSError)
    return crossed(error) or its_own_fault(error)


def its_own_fault(error: SQLAlchemyError) -> bool:
    """Whether the statement or a value of it was wrong, not the database."""
    return not (_away(error) or is_lost(error) or crossed(error))


def crossed(error: BaseException) -> bool:
    """Whether two processes waited for each other, and the database stopped this one: another try helps."""
    return _code(error) in _CROSSED


def is_lost(error: BaseException) -> bool:
    """Whether the database broke off: it may be away, or what it was given may have been too much for it."""
    code = _code(error)
    if isinstance(code, int):
        return code & 0xFF in _SQLITE_LOST
    if code is not None:
        return str(code).startswith(_LOST) and not str(code).startswith(_AWAY)
    return _without_a_word(error) and not _is_of_sqlite(error)


def unavailable(error: BaseException) -> StoreUnavailable:
    """The error of a transaction of which nothing counts, as callers are told it."""
    if isinstance(error, StoreUnavailable):
        return error
    lost = StoreLost if is_lost(error) else StoreUnavailable
    return lost(f"{BUSY} ({cause(error)})")


def kind(error: BaseException) -> type[StoreUnavailable]:
    """Which of our errors an error of reading is."""
    if not isinstance(error, SQLAlchemyError):
        return StoreUnavailable
    if is_lost(error):
        return StoreLost
    return StoreRefused if its_own_fault(error) else StoreUnavailable


def refused(error: BaseException) -> StoreRefused:
    """The error of a job that failed by itself."""
    return StoreRefused(f"the store does not take this ({cause(error)})")


def cause(error: BaseException) -> str:
    """The class and code of the first error of a chain and no more: the database's own words hold values."""
    while error.__context__ is not None:  # a failing ROLLBACK hides why there was one
        error = error.__context__
    known = ("locked", "full", "disk I/O", "readonly", "closed", _MOVED)
    detail = next((word for word in known if word in str(error)), "")
    state = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", "")
    said = ": ".join(part for part in (state, detail) if part)
    return f"{type(error).__name__}{': ' + said if said else ''}"


def _away(error: BaseException) -> bool:
    code = _code(error)
    if isinstance(code, int):
        moved = code == sqlite3.SQLITE_CONSTRAINT_TRIGGER and _MOVED in str(error)
        return moved or code & 0xFF in _SQLITE_AWAY
    if code is not None:
        return str(code).startswith(_AWAY)
    return _is_of_sqlite(error) and "closed" in str(error)


def _without_a_word(error: BaseException) -> bool:
    """Whether a connection is gone, so that the driver alone speaks. What it cannot bind is another thing."""
    driver_error = getattr(error, "orig", None)
    if type(driver_error).__name__ not in ("OperationalError", "InterfaceError"):
        return False
    return not str(driver_error).startswith("number of parameters")


def _code(error: BaseException) -> Any:
    """The SQLSTATE, or the result code of SQLite; None where only the driver speaks."""
    driver_error = getattr(error, "orig", None)
    state = getattr(driver_error, "sqlstate", None)
    return state or getattr(driver_error, "sqlite_errorcode", None)


def _is_of_sqlite(error: BaseException) -> bool:
    return isinstance(getattr(error, "orig", None), sqlite3.Error)
