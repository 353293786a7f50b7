"""Statements of the busiest paths: compiled once, then run by the database's driver itself.

SQLAlchemy's own way costs four times as much processor time (measured: 210 µs for an insert, 40 µs here), most of it to
find out each time what it compiled before. Everything that is not run for each event goes that way all the same.

Where the database is a server, what is run inside `pipelined` is sent without waiting for one answer after another.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Dialect, bindparam, false
from sqlalchemy.exc import DBAPIError, StatementError

from bridge.store.database.transaction import Transaction

Values: TypeAlias = Mapping[str, Any]
Shape: TypeAlias = tuple[Any, Sequence[Any]]  # a type of rows, what reads each column


def execute(tx: Transaction, statement: Any, values: Values | None = None) -> "Pending":
    """Runs a statement that was made once, at import: `values` are for its bindparam()s.

    Raises what SQLAlchemy would. An IN is `one_of`.
    """
    return _compiled(tx.dialect, statement).run(tx, values or {})


def each(tx: Transaction, statement: Any, rows: Sequence[Values]) -> None:
    """As `execute` for each of the rows, where nothing is asked for."""
    if rows:
        _compiled(tx.dialect, statement).each(tx, rows)


def one_of(column: ColumnElement[Any], name: str, count: int) -> ColumnElement[bool]:
    """An IN of so many values, which `listed` binds: make the statement once for each count."""
    values = [bindparam(f"{name}_{n}", type_=column.type) for n in range(count)]
    return column.in_(values) if values else false()


def listed(name: str, values: Iterable[Any]) -> dict[str, Any]:
    """The values for `one_of`."""
    return {f"{name}_{n}": value for n, value in enumerate(values)}


def run(tx: Transaction, sql: str, parameters: Any) -> Any:
    """Gives a statement to the driver as the driver wants it; its cursor."""
    if not tx.in_transaction():
        tx.begin()  # as SQLAlchemy does by itself
    with _telling(tx, sql):
        return _raw(tx).execute(sql, parameters)


def script(tx: Transaction, sql: str) -> Any:
    """Runs statements without values, in one message to a server; the driver's cursor at the result of the first."""
    with _telling(tx, sql):
        return _raw(tx).execute(sql)


@contextmanager
def pipelined(tx: Transaction) -> Iterator[None]:
    """`execute` does not wait for the server inside; what it returns is looked at afterwards.

    They are carried out one after another all the same, each seeing what was committed by then. The first one that
    fails is raised, here or by one that follows, and none after it has an effect. SQLAlchemy's own execute cannot be
    used inside. Also one with nothing in it asks the server. A driver that cannot do it, and SQLite, run each at once.
    """
    raw = _raw(tx)
    if not hasattr(raw, "pipeline") or not _driver(tx).Pipeline.is_supported():
        yield
        return
    with _telling(tx, ""), raw.pipeline():
        yield


class Pending:
    """What a statement came to. Inside `pipelined` it may not have been carried out yet."""

    __slots__ = ("_cursor", "_rows", "_shape")

    def __init__(self, cursor: Any, shape: Callable[[], "Shape"], *, at_once: bool):
        self._cursor, self._shape = cursor, shape
        # SQLite prepares a statement anew while an earlier cursor of it is unread.
        self._rows = cursor.fetchall() if at_once and cursor.description else None

    def rows(self) -> list[Any]:
        """Named tuples of a SELECT or RETURNING, with values as SQLAlchemy gives them."""
        row, readers = self._shape()
        return [
            row(*[read(value) if read else value for read, value in zip(readers, one)])
            for one in self._plain()
        ]

    def key(self) -> int | None:
        """The number in the first column of the first row; None where there is no row."""
        for first, *_ in self._plain():
            return int(first)
        return None

    def touched(self) -> int:
        """How many rows were changed."""
        return int(self._cursor.rowcount)

    def _plain(self) -> list[Sequence[Any]]:
        if self._rows is None:
            self._rows = self._cursor.fetchall()
        rows: list[Sequence[Any]] = self._rows
        return rows


class _Compiled:
    """A statement as one driver takes it."""

    def __init__(self, dialect: Dialect, statement: Any) -> None:
        self._dialect, self._statement = dialect, statement
        self._is_sqlite = dialect.name == "sqlite"
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

    def run(self, tx: Transaction, values: Values) -> Pending:
        """Binds the values and executes."""
        cursor = run(tx, self._sql, self._bound(values))
        return Pending(cursor, self._row_shape, at_once=self._is_sqlite)

    def each(self, tx: Transaction, rows: Sequence[Values]) -> None:
        """Binds and executes row by row; SQLite's driver does so by itself."""
        bound = [self._bound(values) for values in rows]
        if self._is_sqlite:
            with _telling(tx, self._sql):
                _raw(tx).executemany(self._sql, bound)
            return
        for parameters in bound:
            run(tx, self._sql, parameters)

    def _bound(self, values: Values) -> Any:
        all = {**self._fixed, **values} if self._fixed else values
        try:
            bound = [
                bind(all[name]) if bind else all[name] for name, bind in self._binds
            ]
        except Exception as error:  # a value that no column of its type takes
            why = type(error).__name__
            raise StatementError(why, self._sql, None, error, True) from None
        if self._named:
            return dict(zip((name for name, _ in self._binds), bound))
        return bound

    @cached_property
    def _shape(self) -> Shape:
        columns = self._statement.exported_columns.items()
        readers = [
            column.type.dialect_impl(self._dialect).result_processor(
                self._dialect, None
            )
            for _, column in columns
        ]
        return namedtuple("Row", [name for name, _ in columns]), readers

    def _row_shape(self) -> Shape:
        return self._shape


@lru_cache(maxsize=200)
def _compiled(dialect: Dialect, statement: Any) -> _Compiled:
    return _Compiled(dialect, statement)


def _raw(tx: Transaction) -> Any:
    return tx.connection.driver_connection


def _driver(tx: Transaction) -> Any:
    dialect: Any = tx.dialect
    return dialect.loaded_dbapi


@contextmanager
def _telling(tx: Transaction, sql: str) -> Iterator[None]:
    """The driver's errors as SQLAlchemy's."""
    error_type = _driver(tx).Error
    try:
        yield
    except error_type as error:
        raise DBAPIError.instance(
            sql, None, error, error_type, hide_parameters=True
        ) from None
