"""The store: the only place that knows SQL.

Functions take an open transaction, `tx`: that of `Database.read()`, or the one that `Database.write(job)` gives to its
job. Other rooms use what this module and the `__init__` of its three rooms offer, and the flat modules by name. A room
imports only from rooms above it:

    database    opens SQLite or PostgreSQL; reads, writes and locks; knows no table
    (flat)      tables.py, and a module for each thing that people ask for: events, decisions, deliveries, ledger,
                pauses, audit, rejections; views and filtering show them
    queue       which deliveries are sent next, whose they are while they are sent, and what each attempt changes
    keeping     the store as a whole: migrated, backed up, restored, moved, and rid of what is old enough

Reading order: tables.py, events.py, routed.py, queue/claims.py, queue/attempts.py.
"""

from bridge.store.database import (
    Clock,
    Database,
    Together,
    Transaction,
    Turn,
    announce,
    clock,
    is_there,
    require_there,
    sqlite_file,
)
from bridge.store.keeping import ensure_shape, migrate

__all__ = [
    "Clock",
    "Database",
    "Together",
    "Transaction",
    "Turn",
    "announce",
    "clock",
    "ensure_shape",
    "is_there",
    "migrate",
    "require_there",
    "sqlite_file",
]
