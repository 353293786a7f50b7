"""Moves a SQLite store into an empty PostgreSQL database, with everything in it, and closes the old one for good.

The old store is locked meanwhile: its receivers answer 503 and its workers wait. Three commits, each of which a crash
may come after: (1) the new store is filled, and says that it is not to be used yet; (2) the old one refuses every
write; (3) the new one may be used. So at no time do both take events. Before (2) the old store simply goes on; running
the move again starts over, or goes on where (2) was reached.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, MetaData, Row, Table, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeDecorator

from bridge.errors import StoreUnavailable, StoreUnfit
from bridge.state import State
from bridge.store.database.dialect import one_at_a_time
from bridge.store.database.engine import Database
from bridge.store.database.postgres import unhurried
from bridge.store.database.transaction import Transaction
from bridge.store.keeping.migrating import (
    HEAD,
    MOVED,
    MOVING,
    migrate,
    revision,
    set_revision,
)
from bridge.store.tables import deliveries, metadata

_ROWS = 1_000  # at once
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Content(NamedTuple):
    """What a table holds: how many rows, and a sum of their hashes, which is the same in any order."""

    rows: int
    digest: int

    def plus(self, rows: Sequence[Row[Any]]) -> "Content":
        """With more rows."""
        hashes = (hashlib.sha256(repr(tuple(row)).encode()).digest() for row in rows)
        added = sum(int.from_bytes(one) for one in hashes)
        return Content(self.rows + len(rows), (self.digest + added) % 2**256)


def move(old: Database, new: Database, tell: Callable[[str], None]) -> None:
    """Moves everything. `tell` gets a line a table. Raises StoreUnfit, and StoreUnavailable when a copy differs."""
    if (old.dialect, new.dialect) != ("sqlite", "postgresql"):
        raise StoreUnfit(
            "a SQLite store moves to PostgreSQL: --from names the old one, BRIDGE_DATABASE_URL the new"
        )
    if not Path(old.url.database).exists() or _revision(old) is None:
        raise StoreUnfit(f"there is no store at {old.url.database}")
    try:
        _move(old, new, tell)
    except SQLAlchemyError as error:
        cause = type(getattr(error, "orig", None) or error).__name__
        raise StoreUnavailable(f"the store could not be moved ({cause})") from None


def _move(old: Database, new: Database, tell: Callable[[str], None]) -> None:
    if _revision(old) != MOVED:
        migrate(old)
        if _revision(new) != MOVING:
            migrate(new)
    with old.transaction() as source:
        with new.transaction() as target:
            unhurried(target)  # it waits while the old store is read through
            one_at_a_time(target, "migrate")
            _fill(source, target, tell)
        if revision(source) != MOVED:
            _close(source)
    with new.transaction() as target:
        _open(target)


def _fill(
    source: Transaction, target: Transaction, tell: Callable[[str], None]
) -> None:
    """Copies every table, unless a move that was interrupted did so; compares what both hold."""
    closed = revision(source) == MOVED
    if closed and revision(target) != MOVING:
        raise StoreUnfit("the store was moved before: there is nothing to do")
    if not closed:
        _clear(target)
        set_revision(target, MOVING)
    for table in _plain_tables():
        wrote = _content(source, table) if closed else _copy(source, target, table)
        if _content(target, table) != wrote:
            raise StoreUnavailable(
                f"the copy of {table.name} differs: nothing was moved"
            )
        tell(f"{table.name}: {wrote.rows}")


def _clear(target: Transaction) -> None:
    """Locks every table, and empties what an unfinished move left. Raises StoreUnfit when there is anything else."""
    names = ", ".join(table.name for table in metadata.sorted_tables)
    target.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
    if revision(target) == MOVING:
        target.execute(text(f"TRUNCATE {names}"))
    for table in metadata.sorted_tables:
        if target.execute(select(text("1")).select_from(table).limit(1)).first():
            raise StoreUnfit(
                f"the database of BRIDGE_DATABASE_URL is not empty: it has {table.name}"
            )


def _copy(source: Transaction, target: Transaction, table: Table) -> Content:
    """Copies a table in the order of its key, and sets its sequence."""
    content = Content(0, 0)
    for rows in _batches(source, table):
        target.execute(insert(table), [row._asdict() for row in rows])
        content = content.plus(rows)
    if "id" in table.c:
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')::regclass"
        last = "coalesce(max(id), 1), max(id) IS NOT NULL"
        target.execute(text(f"SELECT setval({sequence}, {last}) FROM {table.name}"))
    return content


def _content(tx: Transaction, table: Table) -> Content:
    content = Content(0, 0)
    for rows in _batches(tx, table):
        content = content.plus(rows)
    return content


def _batches(tx: Transaction, table: Table) -> Iterator[Sequence[Row[Any]]]:
    query = select(table).order_by(*table.primary_key)
    streamed = tx.execute(query, execution_options={"yield_per": _ROWS})
    return iter(streamed.partitions())


def _plain_tables() -> list[Table]:
    """The tables as the databases have them, those that others refer to first: values are copied as they are stored."""
    plain = MetaData()
    return [
        Table(
            table.name,
            plain,
            *(
                Column(
                    column.name, _stored(column.type), primary_key=column.primary_key
                )
                for column in table.c
            ),
        )
        for table in metadata.sorted_tables
    ]


def _stored(kind: Any) -> Any:
    return kind.impl if isinstance(kind, TypeDecorator) else kind


def _close(source: Transaction) -> None:
    """Every write is refused from the commit on, also those of processes that do not know of the move."""
    set_revision(source, MOVED)
    for table in metadata.sorted_tables:
        for what in ("INSERT", "UPDATE", "DELETE"):
            source.exec_driver_sql(
                f"CREATE TRIGGER moved_{table.name}_{what.lower()} BEFORE {what} ON {table.name}"
                " BEGIN SELECT RAISE(ABORT, 'this store was moved to PostgreSQL'); END"
            )


def _open(target: Transaction) -> None:
    """The new store may be used; what was being sent from the old one has an unknown outcome at once."""
    sending = update(deliveries).where(deliveries.c.state == State.SENDING)
    target.execute(sending.values(owner="moved", lease_until=_LONG_AGO))
    set_revision(target, HEAD)


def _revision(database: Database) -> str | None:
    with database.read() as tx:
        return revision(tx)
