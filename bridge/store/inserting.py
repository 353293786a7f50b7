"""Rows of the busiest tables, added by statements that are made once for each set of columns."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Table, bindparam

from bridge.store import prepared
from bridge.store.dialect import upsert
from bridge.store.prepared import Pending
from bridge.store.transaction import Transaction


def insert(tx: Transaction, table: Table, values: Mapping[str, Any]) -> Pending:
    """Adds a row; its key is the row's id."""
    statement = _insert(tx.dialect, table, (*values,))
    return prepared.execute(tx, statement, values)


def insert_or_ignore(
    tx: Transaction, table: Table, values: Mapping[str, Any]
) -> Pending:
    """Adds a row unless a unique one is there already; its key is None where there is."""
    statement = _insert_or_ignore(tx.dialect, table, (*values,))
    return prepared.execute(tx, statement, values)


@lru_cache(maxsize=50)
def _insert(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Any:
    bound = {name: bindparam(name, type_=table.c[name].type) for name in columns}
    return upsert(dialect, table).values(bound).returning(*table.primary_key)


@lru_cache(maxsize=50)
def _insert_or_ignore(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Any:
    return _insert(dialect, table, columns).on_conflict_do_nothing()
