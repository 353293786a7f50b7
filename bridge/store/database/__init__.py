"""The database: SQLite or PostgreSQL, opened, read and written. Knows no table.

engine.py ─▶ sqlite.py, postgres.py     sessions, and how one process hears of another's commits (bell.py)
          ─▶ writer.py ─▶ jobs.py       one writing thread: what waits together is committed together
          ─▶ lock.py ─▶ holders.py      one writing process at a time, for SQLite
          ─▶ place.py, aside.py, disk.py  whether SQLite's files may be written: still there, whole, with room
dialect.py, columns.py                  what the two spell differently; column types
prepared.py                             statements of the busiest paths, compiled once
turn.py                                 work that one process of all hosts does at a time
faults.py                               what an error of the database means
"""

from bridge.store.database.columns import bounded, microseconds, moment, storable
from bridge.store.database.dialect import (
    Clock,
    announce,
    clock,
    one_at_a_time,
    version,
)
from bridge.store.database.engine import Database, is_there, require_there, sqlite_file
from bridge.store.database.sqlite import overwriting
from bridge.store.database.transaction import Transaction
from bridge.store.database.turn import Turn
from bridge.store.database.writer import Together

__all__ = [
    "Clock",
    "Database",
    "Together",
    "Transaction",
    "Turn",
    "announce",
    "bounded",
    "clock",
    "is_there",
    "microseconds",
    "moment",
    "one_at_a_time",
    "overwriting",
    "require_there",
    "sqlite_file",
    "storable",
    "version",
]
