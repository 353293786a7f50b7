"""Connections as deliveries keep them: address and credentials, with references instead of secrets.

Stored once by hash, so that removing a rule or a connection from the mapping files strands nothing that waits.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bridge.model import Connection, Json, SecretRef
from bridge.store.database.columns import encoded
from bridge.store.database.dialect import add_new
from bridge.store.database.transaction import Transaction
from bridge.store.tables import connection_specs, deliveries
from bridge.strict import json

# By hash: as many as there ever were connections in the mapping files of this process's time.
_read: dict[str, Connection] = {}
# By id() of the connection, which is kept beside it: it cannot be hashed, and its id is its own while it is here.
_rows: dict[int, tuple[Connection | None, dict[str, str]]] = {}
_MOST = 1_000

UNREADABLE = "(unreadable)"  # as the vendor of a connection


def keep(tx: Transaction, connections: Iterable[Connection]) -> None:
    """Stores those that are not there yet."""
    rows = {row["hash"]: row for row in map(_row, connections)}
    for _, row in sorted(rows.items()):  # two processes wait for each other in order
        add_new(tx, connection_specs, row)


def digest(connection: Connection) -> str:
    """The hash under which it is kept."""
    return _row(connection)["hash"]


def _row(connection: Connection) -> dict[str, str]:
    """Made once for each connection of a ruleset, which many deliveries share."""
    known, row = _rows.get(id(connection), (None, {}))
    if known is not connection:
        row = row_of(connection)
        if len(_rows) >= _MOST:
            _rows.clear()
        _rows[id(connection)] = connection, row
    return row


def row_of(connection: Connection) -> dict[str, str]:
    """The row that says all of a connection."""
    spec = to_json(connection)
    names = {name: getattr(connection, name) for name in ("name", "tenant", "account")}
    hash = hashlib.sha256(json.dumps({**spec, **names}, sort_keys=True)).hexdigest()
    return {"hash": hash, "spec": encoded(spec), **names}


def load(tx: Transaction, hash: str) -> Connection:
    """The connection stored under a hash. What a hash says never changes, so each process reads it once.

    One that cannot be read has a vendor that there is not: what waits for it must stop nothing else.
    """
    connection = _read.get(hash)
    if connection is None:
        try:
            query = select(connection_specs).where(connection_specs.c.hash == hash)
            row = tx.execute(query).one()
            connection = _named(from_json(row.spec), row)
        except SQLAlchemyError:
            raise
        except Exception:
            return Connection(name=hash, vendor=UNREADABLE, options={}, auth={})
        if row.tenant:  # else a worker is about to find it out: relaning.py
            _read[hash] = connection
    return connection


def _named(connection: Connection, row: Any) -> Connection:
    if row.tenant in (None, connection.name):
        return connection
    return replace(connection, identity=(row.tenant, row.account))


def of(tx: Transaction, delivery: int) -> Connection:
    """What a delivery that can be sent goes through."""
    query = select(deliveries.c.spec).where(deliveries.c.id == delivery)
    return load(tx, tx.execute(query).scalar_one())


def to_json(connection: Connection) -> dict[str, Json]:
    """References are written as the mapping language writes them: `{env: NAME}` or `{file: PATH}`."""
    return {
        "name": connection.name,
        "vendor": connection.vendor,
        "options": _plain(connection.options),
        "auth": _plain(connection.auth),
    }


def from_json(spec: Mapping[str, Json]) -> Connection:
    """The reverse of to_json."""
    return Connection(
        name=str(spec["name"]),
        vendor=str(spec["vendor"]),
        options=_mapping(spec["options"]),
        auth=_mapping(spec["auth"]),
    )


def _plain(value: object) -> Json:
    if isinstance(value, SecretRef):
        return {value.kind: value.name}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value  # type: ignore[return-value]


def _mapping(value: Json) -> Mapping[str, object]:
    assert isinstance(value, dict)
    return {key: _referring(item) for key, item in value.items()}


def _referring(value: Json) -> object:
    if isinstance(value, dict):
        if len(value) == 1 and (kind := next(iter(value))) in ("env", "file"):
            return SecretRef(kind=kind, name=str(value[kind]))
        return _mapping(value)
    if isinstance(value, list):
        return [_referring(item) for item in value]
    return value
