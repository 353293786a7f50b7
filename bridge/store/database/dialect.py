"""What SQLite and PostgreSQL spell differently: inserts that may conflict, the time, one transaction at a time, any
number of row numbers in one value, `*`, the inside of documents.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote_plus

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    LargeBinary,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store.database import prepared
from bridge.store.database.prepared import Pending
from bridge.store.database.transaction import Transaction

# Advisory locks are the whole database's; bridges in schemas of their own have nothing to do with each other.
ADVISORY_KEY = "hashtext(current_schema() || ':' || :what)"

# Claims, and what is learnt about connections, come one at a time over all workers: whoever does either says so first,
# by one_at_a_time(…, QUEUE), and then skips the rows that another transaction holds, so that none wait for each other.
QUEUE = "queue"

_LOCK = text(f"SELECT pg_advisory_xact_lock({ADVISORY_KEY})").bindparams(
    bindparam("what", type_=Text)
)


def upsert(tx: Transaction | Dialect, table: Table) -> Any:
    """An INSERT that takes on_conflict_do_update()."""
    own = tx if isinstance(tx, Dialect) else tx.dialect
    dialect: Any = postgresql if own.name == "postgresql" else sqlite
    return dialect.insert(table)


def newest(dialect: Dialect, id: Column[Any]) -> ColumnElement[Any]:
    """The number that this transaction gave last in a table."""
    if dialect.name == "postgresql":
        return func.currval(func.pg_get_serial_sequence(id.table.name, id.name))
    return select(func.max(id)).scalar_subquery()


def insert_or_ignore(tx: Transaction, table: Table) -> Any:
    """An INSERT that leaves a row as it is when a unique one is there already."""
    return upsert(tx, table).on_conflict_do_nothing()


def add(tx: Transaction, table: Table, values: Mapping[str, Any]) -> Pending:
    """Adds a row; its key is the row's id."""
    statement = _add(tx.dialect, table, (*values,))
    return prepared.execute(tx, statement, values)


def add_new(tx: Transaction, table: Table, values: Mapping[str, Any]) -> Pending:
    """Adds a row unless a unique one is there already; its key is None where there is."""
    statement = _add_new(tx.dialect, table, (*values,))
    return prepared.execute(tx, statement, values)


@lru_cache(maxsize=50)
def _add(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Any:
    bound = {name: bindparam(name, type_=table.c[name].type) for name in columns}
    return upsert(dialect, table).values(bound).returning(*table.primary_key)


@lru_cache(maxsize=50)
def _add_new(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Any:
    return _add(dialect, table, columns).on_conflict_do_nothing()


Clock: TypeAlias = Callable[[Transaction], datetime]


def clock(tx: Transaction) -> datetime:
    """The time that all processes agree on: the database's, where they may run on several hosts.

    What writes on PostgreSQL is told it as its transaction begins, and asks no more.
    """
    if tx.dialect.name != "postgresql":
        return datetime.now(UTC)
    told: datetime | None = tx.info.get("begun_at")
    if told is None:
        told = tx.execute(text("SELECT clock_timestamp()")).scalar_one()
    return told.astimezone(UTC)


def announce(tx: Transaction) -> None:
    """Tells workers, once this transaction is committed, that there is something to do. A hint: they look anyway."""
    tx.info["announced"] = True


def one_at_a_time(tx: Transaction, what: str) -> None:
    """Waits for other transactions that do the same; SQLite has one writer at a time anyway."""
    if tx.dialect.name == "postgresql":
        prepared.execute(tx, _LOCK, {"what": what})


def among(
    tx: Transaction, column: ColumnElement[Any], numbers: Iterable[int]
) -> ColumnElement[bool]:
    """Whether an integer column is one of these, however many: an IN takes a parameter for each, up to a limit."""
    condition: ColumnElement[bool]
    if tx.dialect.name == "postgresql":
        condition = column == any_(literal([*numbers], postgresql.ARRAY(BigInteger)))
    else:
        listed = func.json_each(json.dumps([*numbers])).table_valued("value")
        condition = column.in_(select(listed.c.value))
    return condition


def like(tx: Transaction, column: Any, pattern: str) -> Any:
    """Whether a text agrees with a pattern in which `*` is anything; capital letters differ from small ones."""
    if tx.dialect.name == "postgresql":
        escaped = re.sub(r"([\\%_])", r"\\\1", pattern)
        return column.like(escaped.replace("*", "%"), escape="\\")
    return column.op("GLOB", is_comparison=True)(re.sub(r"([?\[])", r"[\1]", pattern))


def holds(tx: Transaction, content: Any, piece: str) -> ColumnElement[bool]:
    """Whether stored bytes, or a document, hold a text in one of the spellings that JSON, forms and URLs have for it.

    Capital letters do not differ from small ones. Neither database reads bytes as text where they are not UTF-8.
    """
    found = [_holds(tx, content, one) for one in sorted(_spellings(piece))]
    return or_(*found)


def _holds(tx: Transaction, content: Any, piece: str) -> ColumnElement[bool]:
    fits: ColumnElement[bool]
    if tx.dialect.name != "postgresql":
        # LIKE, which is blind to the case of ASCII letters.
        fits = cast(content, Text).contains(piece, autoescape=True)
        return fits
    if isinstance(content.type, LargeBinary):
        octal = "".join(map(_ESCAPED.__getitem__, piece.lower().encode()))
        return func.strpos(func.lower(func.encode(content, "escape")), octal) > 0
    return func.strpos(func.lower(type_coerce(content, Text)), piece.lower()) > 0


# A byte as PostgreSQL's `encode(…, 'escape')` writes it.
_ESCAPED = [
    "\\\\" if byte == 92 else chr(byte) if 0 < byte < 128 else f"\\{byte:03o}"
    for byte in range(256)
]


def _spellings(piece: str) -> set[str]:
    """A text as it is, in capital and small letters where a database knows only those of ASCII, and escaped."""
    plain = {piece} if piece.isascii() else {piece, piece.lower(), piece.upper()}
    escaped = {json.dumps(one)[1:-1] for one in plain}
    escaped |= {json.dumps(one, ensure_ascii=False)[1:-1] for one in plain}
    slashed = {one.replace("/", "\\/") for one in escaped}
    return plain | escaped | slashed | {quote_plus(one) for one in plain}


def texts(
    tx: Transaction, document: ColumnElement[Any], *names: str
) -> tuple[Any, ...]:
    """The elements of a row's document, as a table beside that row, and the texts that each has under these names."""
    if tx.dialect.name == "postgresql":
        as_json = cast(type_coerce(document, Text), postgresql.JSON)
        listed = func.json_array_elements(as_json).table_valued("value")
        read, path = func.json_extract_path_text, ""
    else:
        listed = func.json_each(type_coerce(document, Text)).table_valued("value")
        read, path = func.json_extract, "$."
    found = (read(listed.c.value, f"{path}{name}", type_=Text) for name in names)
    return listed, *found


def version(tx: Transaction) -> str:
    """Of the database: the server's, or the SQLite library's."""
    return ".".join(map(str, tx.dialect.server_version_info or ()))
