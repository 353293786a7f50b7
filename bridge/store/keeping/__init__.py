"""The store as a whole, from release to release and from host to host.

migrating.py ─▶ backup.py      gives the tables this release's shape, after a backup
backup.py, restoring.py       a copy of SQLite's file made while it is in use; a copy put back, paused
moving.py                    from SQLite into an empty PostgreSQL database
retention.py ─▶ walk.py      deletes what is older than its retention period, in small steps
erasing.py ─▶ retention.py   deletes the content of some requests at once, because a person asks for it
"""

from bridge.store.keeping.backup import back_up
from bridge.store.keeping.erasing import (
    count_ledger,
    erase,
    erase_ledger,
    erase_quotes,
    events_of,
    needed,
    requests_of,
)
from bridge.store.keeping.migrating import ensure_shape, migrate, outdated
from bridge.store.keeping.moving import move
from bridge.store.keeping.restoring import restore
from bridge.store.keeping.retention import Keep, forget

__all__ = [
    "Keep",
    "back_up",
    "count_ledger",
    "ensure_shape",
    "erase",
    "erase_ledger",
    "erase_quotes",
    "events_of",
    "forget",
    "migrate",
    "move",
    "needed",
    "outdated",
    "requests_of",
    "restore",
]
