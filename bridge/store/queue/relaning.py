"""Moves waiting deliveries into the lane of the tenant that they go to, after an upgrade or if an address changed.

Lanes were named after connections once. And where an address is a reference, what waits goes where that leads now, so
it has to stand in line there: workers look when they start. In batches; a store that needs nothing is only read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    type_coerce,
    update,
)

from bridge import tenants, vendors
from bridge.model import Connection
from bridge.store import specs
from bridge.store.database.dialect import QUEUE, one_at_a_time, upsert
from bridge.store.database.transaction import Transaction
from bridge.store.tables import (
    BLOCKING,
    connection_specs,
    connections,
    deliveries,
    lane_marks,
)
from bridge.strict import json

_ROWS = 1_000  # at once
_PATH_LANE = re.compile("[a-z]+-[0-9a-f]{16}/[0-9a-f]{32}")  # tenants.path_lane

_WAITING = text(f"deliveries.{BLOCKING}")
# What is learned of a tenant, and of an account.
_OF_TENANT = (
    *("next_at", "failures", "window_from", "window_calls", "window_failures"),
    *("broken_at", "probe_at"),
)
_OF_ACCOUNT = ("state", "reason", "since", "forbidden")

_of = connection_specs.c
_SPECS = select(
    _of.hash, _of.tenant, _of.account, type_coerce(_of.spec, Text).label("spec")
)
_move = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("number"))
    .values(lane=bindparam("to"), spec=bindparam("through"), behind=False)
)

_forget = delete(lane_marks).where(
    lane_marks.c.lane == bindparam("of"), lane_marks.c.rule == bindparam("by")
)


def relane(tx: Transaction) -> int:
    """How many deliveries were given another lane."""
    moved = 0
    named: dict[str, list[tuple[str, Connection]]] = {}
    for row in tx.execute(_SPECS).all():
        before, after = _found(row)
        if after is None or before.identity == after.identity:
            continue
        one_at_a_time(tx, QUEUE)
        hash = _keep(tx, row, after)
        moved += _deliveries(tx, row.hash, hash, before, after)
        if row.tenant is None:
            named.setdefault(before.name, []).append((row.hash, after))
    if named:
        newest = {name: _newest(tx, pairs) for name, pairs in named.items()}
        _marks(tx, newest)
    for name, pairs in named.items():
        _learned(tx, name, pairs)
    return moved


def _found(row: Any) -> tuple[Connection, Connection | None]:
    """A spec's connection with the names that it has, and with those it should have; None where nobody can tell."""
    try:
        written: Any = json.loads(row.spec.encode())
        plain = specs.from_json(written)
        known = tenants.resolved(plain)
    except (
        Exception
    ):  # what was written by hand, or for a vendor that there is no more, stops nobody
        return Connection(name="", vendor="", options={}, auth={}), None
    before = replace(plain, identity=(row.tenant, row.account)) if row.tenant else plain
    return before, tenants.named(plain) if known else None


def _keep(tx: Transaction, row: Any, connection: Connection) -> str:
    """Writes the names down; the hash of the row that has them."""
    new = specs.row_of(connection)
    if row.tenant is not None:
        specs.keep(tx, [connection])
        return new["hash"]
    names = {name: new[name] for name in ("name", "tenant", "account")}
    mine = connection_specs.c.hash == row.hash
    tx.execute(update(connection_specs).where(mine).values(names))
    return str(row.hash)


def _deliveries(
    tx: Transaction,
    old: str,
    new: str,
    before: Connection,
    after: Connection,
) -> int:
    """Moves what waits, oldest first."""
    root, last, moved = _root(after), 0, 0
    columns = (deliveries.c.id, deliveries.c.lane, deliveries.c.ticket)
    while True:
        mine = and_(_WAITING, deliveries.c.spec == old, deliveries.c.id > last)
        query = select(*columns).where(mine).order_by(deliveries.c.id).limit(_ROWS)
        rows = tx.execute(query).all()
        if not rows:
            return moved
        last = rows[-1].id
        values = [
            {"number": row.id, "to": to or row.lane, "through": new}
            for row in rows
            if (to := _lane(row.lane, before, after, root, row.ticket)) or new != old
        ]
        if values:
            tx.execute(_move, values)
        moved += len(values)


def _lane(
    lane: str,
    before: Connection,
    after: Connection,
    root: tuple[str, str] | None,
    ticket: str = "",
) -> str | None:
    """What a lane is called now; None for one that is nobody's, as of a look-up."""
    if root and ticket and _PATH_LANE.fullmatch(lane):
        return tenants.path_lane(*root, ticket)
    prefix, _, own = lane.partition("/")
    if prefix != before.tenant:
        return None
    if root and own.startswith("/"):
        return tenants.path_lane(*root, own)
    return f"{after.tenant}/{tenants.key(own)}"


def _root(connection: Connection) -> tuple[str, str] | None:
    """Where paths are lanes: host and base path."""
    by_path = any(map(tenants.by_path, vendors.get(connection.vendor).operations))
    return tenants.root(connection) if by_path else None


def _newest(tx: Transaction, pairs: Sequence[tuple[str, Connection]]) -> Connection:
    """Of the connections that had one name one after another, the one that was used last."""
    if len(pairs) == 1:
        return pairs[0][1]
    of = deliveries.c.spec
    hashes = [hash for hash, _ in pairs]
    query = select(of, func.max(deliveries.c.id)).where(of.in_(hashes)).group_by(of)
    last = {hash: id for hash, id in tx.execute(query)}
    return max(pairs, key=lambda pair: last.get(pair[0], 0))[1]


def _marks(
    tx: Transaction,
    newest: Mapping[str, Connection],
) -> None:
    """Renames the marks of these connections' lanes; of two that become one, the newer time counts."""
    roots = {name: _root(one) for name, one in newest.items()}
    newer = _newer(tx)
    for rows in _batches(tx):
        made, old = [], []
        for row in rows:
            name = row.lane.partition("/")[0]
            if (after := newest.get(name)) is None:
                continue
            before = replace(after, identity=(name, name))
            lane = _lane(row.lane, before, after, roots[name])
            made.append({**row._mapping, "lane": lane})
            old.append({"of": row.lane, "by": row.rule})
        if made:
            tx.execute(newer, made)
            tx.execute(_forget, old)


def _newer(tx: Transaction) -> Any:
    statement = upsert(tx, lane_marks)
    return statement.on_conflict_do_update(
        index_elements=["lane", "rule"],
        set_={key: statement.excluded[key] for key in ("at", "marked_at")},
        where=lane_marks.c.at < statement.excluded.at,
    )


def _batches(tx: Transaction) -> Iterator[Sequence[Any]]:
    """All marks, in the order of their key."""
    place = tuple_(lane_marks.c.lane, lane_marks.c.rule)
    query = select(lane_marks).order_by(*place).limit(_ROWS)
    rows = tx.execute(query).all()
    while rows:
        yield rows
        last = tuple_(literal(rows[-1].lane), literal(rows[-1].rule))
        rows = tx.execute(query.where(place > last)).all()


def _learned(
    tx: Transaction, name: str, pairs: Sequence[tuple[str, Connection]]
) -> None:
    """What was learned of a name is known of its tenants and accounts; who is parked wrongly opens at its next call."""
    query = select(connections).where(connections.c.name == name)
    row = tx.execute(query).mappings().one_or_none()
    if row is None or row["label"]:
        return
    tx.execute(delete(connections).where(connections.c.name == name))
    open = {"state": "open", "reason": "", "since": row["since"]}
    known: dict[str, dict[str, Any]] = {}
    for _, one in pairs:
        of_tenant = {key: row[key] for key in _OF_TENANT}
        known.setdefault(one.tenant, {**open, **of_tenant, "label": name})
        of_account = {key: row[key] for key in _OF_ACCOUNT}
        known.setdefault(one.account, {**of_account, "label": name})
    for key, values in known.items():
        there = select(connections.c.name).where(connections.c.name == key)
        if tx.execute(there).first() is None:
            tx.execute(insert(connections).values(name=key, **values))
