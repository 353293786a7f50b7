"""Statements of the busiest paths: compiled once, then run by the database's driver itself.

SQLAlchemy's own way costs four times as much processor time (measured: 210 µs for an insert, 40 µs here), most of it to
find out each time what it compiled before. Everything that is not run for each event goes that way all the same.

Where the database is a server, what is run inside `pipelined` is sent without waiting for one answer after another.
"""

from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, bindparam, false
from sqlalchemy.exc import DBAPIError, StatementError


def execute(connection: Connection, statement: Any, values: Mapping[str, Any]) -> Any:
    """Runs a statement that was made once, at import: `values` are for its bindparam()s. Returns the driver's cursor.

    Rows come as the driver gives them. Raises what SQLAlchemy would. An IN is `one_of`.
    """
    return _compiled(connection.dialect, statement).run(connection, values)


def ask(
    connection: Connection, query: Any, values: Mapping[str, Any] | None = None
) -> "Answer":
    """As `execute`, for a SELECT or RETURNING whose rows are wanted as SQLAlchemy gives them."""
    return _compiled(connection.dialect, query).ask(connection, values or {})


def one_of(column: ColumnElement[Any], name: str, count: int) -> ColumnElement[bool]:
    """An IN of so many values, which `listed` binds: make the statement once for each count."""
    values = [bindparam(f"{name}_{n}", type_=column.type) for n in range(count)]
    return column.in_(values) if values else false()


def listed(name: str, values: Iterable[Any]) -> dict[str, Any]:
    """The values for `one_of`."""
    return {f"{name}_{n}": value for n, value in enumerate(values)}


def run(connection: Connection, sql: str, parameters: Any) -> Any:
    """Gives a statement to the driver as the driver wants it; its cursor."""
    if not connection.in_transaction():
        connection.begin()  # as SQLAlchemy does by itself
    with _telling(connection, sql):
        cursor = _raw(connection).execute(sql, parameters)
        if connection.dialect.name == "sqlite" and cursor.description:
            return _Fetched(cursor)
        return cursor


def script(connection: Connection, sql: str) -> Any:
    """Runs statements without values, in one message to a server; the driver's cursor."""
    with _telling(connection, sql):
        return _raw(connection).execute(sql)


def key(cursor: Any) -> Any:
    """The first column of the first row, None where there is no row."""
    row = cursor.fetchone()
    return None if row is None else row[0]


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """`execute` and `ask` do not wait for the server inside; what they return is looked at afterwards.

    They are carried out one after another all the same, each seeing what was committed by then. The first one that
    fails is raised, here or by one that follows, and none after it has an effect. SQLAlchemy's own execute cannot be
    used inside. A driver that cannot do it, and SQLite, run each at once.
    """
    raw = _raw(connection)
    if not hasattr(raw, "pipeline") or not _driver(connection).Pipeline.is_supported():
        yield
        return
    with _telling(connection, ""), raw.pipeline():
        yield


class _Fetched:
    """Rows taken from a cursor at once: SQLite prepares a statement anew while an earlier cursor of it is unread."""

    def __init__(self, cursor: Any) -> None:
        self._rows = iter(cursor.fetchall())

    def fetchone(self) -> Any:
        """The next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return [*self._rows]


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a SELECT, read when they are wanted."""

    _cursor: Any
    _row: Any
    _readers: Sequence[Any]

    def all(self) -> list[Any]:
        """Named tuples."""
        return [self._read(row) for row in self._cursor.fetchall()]

    def _read(self, row: Sequence[Any]) -> Any:
        pairs = zip(self._readers, row)
        return self._row(*[read(value) if read else value for read, value in pairs])


class _Compiled:
    """A statement as one driver takes it."""

    def __init__(self, dialect: Dialect, statement: Any) -> None:
        self._dialect, self._statement = dialect, statement
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        binds = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        }
        self._named = compiled.positiontup is None  # the driver takes names
        names = compiled.positiontup or tuple(binds)
        self._binds = tuple((name, binds[name]) for name in names)
        self._fixed = {  # values that are part of the statement
            name: compiled.params[name]
            for bind, name in compiled.bind_names.items()
            if not bind.required
        }

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Binds the values and executes."""
        all = {**self._fixed, **values} if self._fixed else values
        try:
            bound = [
                bind(all[name]) if bind else all[name] for name, bind in self._binds
            ]
        except Exception as error:  # a value that no column of its type takes
            why = type(error).__name__
            raise StatementError(why, self._sql, None, error, True) from None
        parameters: Any = bound
        if self._named:
            parameters = dict(zip((name for name, _ in self._binds), bound))
        return run(connection, self._sql, parameters)

    def ask(self, connection: Connection, values: Mapping[str, Any]) -> Answer:
        """As `run`, with what it takes to read the rows."""
        return Answer(self.run(connection, values), *self._shape)

    @cached_property
    def _shape(self) -> tuple[Any, Sequence[Any]]:
        columns = self._statement.exported_columns.items()
        readers = [
            column.type.dialect_impl(self._dialect).result_processor(
                self._dialect, None
            )
            for _, column in columns
        ]
        return namedtuple("Row", [name for name, _ in columns]), readers


@lru_cache(maxsize=200)
def _compiled(dialect: Dialect, statement: Any) -> _Compiled:
    return _Compiled(dialect, statement)


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _driver(connection: Connection) -> Any:
    dialect: Any = connection.dialect
    return dialect.loaded_dbapi


@contextmanager
def _telling(connection: Connection, sql: str) -> Iterator[None]:
    """The driver's errors as SQLAlchemy's."""
    error_type = _driver(connection).Error
    try:
        yield
    except error_type as error:
        raise DBAPIError.instance(
            sql, None, error, error_type, hide_parameters=True
        ) from None
