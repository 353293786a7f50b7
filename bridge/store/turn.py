"""Whose turn it is to do what one process at a time should do, on all hosts.

A hint that saves work, never what keeps it right: the process that has the turn may be stopped for as long as it likes,
and one that was denied may go ahead anyway.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from bridge.store import private
from bridge.store.dialect import ADVISORY_KEY


@contextmanager
def by_file(database: str, what: str) -> Iterator[bool]:
    """Whether the turn is ours, for the processes that share a SQLite file."""
    path = f"{database}.{what}"
    with private.opened(path, database) as file:  # closing it gives the turn away
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def by_session(engine: Engine, what: str) -> Iterator[bool]:
    """Whether the turn is ours, for everyone at a PostgreSQL database; a session that ends gives it away."""
    with engine.connect() as connection:
        mine = _ask(connection, "pg_try_advisory_lock", what)
        try:
            yield mine
        finally:
            if mine:
                _ask(connection, "pg_advisory_unlock", what)


def _ask(connection: Connection, function: str, what: str) -> bool:
    query = text(f"SELECT {function}({ADVISORY_KEY})")
    return bool(connection.execute(query, {"what": what}).scalar_one())
