"""The store: the only place that knows SQL.

`Database` opens it; the modules hold functions of a transaction (`tx`), run by `Database.read()` or inside
`Database.write(job)`: events (taken in, routed), deliveries and queue (made, claimed, finished), connections (parked),
rulesets, rejections, views (what people look at), ledger, audit and pauses. Some take a Database as a whole: migrate,
retention (forgets), backup, restore, moving (to PostgreSQL).
"""

from bridge.store.dialect import Clock, announce, clock
from bridge.store.engine import Database, is_there, require_there, sqlite_file
from bridge.store.migrate import ensure_shape, migrate
from bridge.store.transaction import Transaction
from bridge.store.turn import Turn
from bridge.store.writer import Together

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
