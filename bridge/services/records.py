"""Pages of the audit trail and of the ledger, newest first. Reads only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.services import cursors
from bridge.services.cursors import Place
from bridge.services.veiling import veiled
from bridge.store import Database, Transaction, audit, ledger

_ANY = 2**63 - 1
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some rows; `next` is the cursor of the page below, "" if this is the last one."""

    rows: Rows
    next: str


def acts(database: Database, *, cursor: str, limit: int, now: datetime) -> Page:
    """What people did. Raises BadCursor."""
    return _page(database, "audit", "", audit.below, cursor, limit, now)


def updates(
    database: Database, ticket: str | None, *, cursor: str, limit: int, now: datetime
) -> Page:
    """What vendors accepted, for one ticket or all; personal data in the values is hidden. Raises BadCursor."""

    def find(tx: Transaction, id: int, most: int) -> Rows:
        return ledger.below(tx, id, most, ticket)

    page = _page(database, "ledger", ticket or "", find, cursor, limit, now)
    rows = [{**row, "fields": veiled(row["fields"])} for row in page.rows]
    return Page(rows=rows, next=page.next)


def _page(
    database: Database,
    kind: str,
    text: str,
    find: Callable[[Transaction, int, int], Rows],
    cursor: str,
    limit: int,
    now: datetime,
) -> Page:
    place = Place(row=_ANY, refused=0, now=now)
    if cursor:
        place = cursors.read_page(kind, text, cursor)
    with database.read() as tx:
        rows = find(tx, place.row, limit + 1)
    page, more = rows[:limit], len(rows) > limit
    last = Place(row=page[-1]["id"], refused=0, now=place.now) if more else None
    return Page(rows=page, next=cursors.page(kind, text, last) if last else "")
