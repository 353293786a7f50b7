"""Turns: work that one process at a time does, on all hosts; and notes of what a process that died was doing.

A hint that saves work, never what keeps it right: the process that has the turn may be stopped for as long as it likes,
and one that was denied may go ahead anyway.

Who has the turn may note what it begins. The note goes when the turn ends, so a note that is found is that of a process
that died. It must outlive a `kill -9` and no more, so it costs no sync: it stands in the turn's file beside SQLite, and
is committed without waiting for the disk on PostgreSQL.
"""

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from bridge.store.database import prepared, private
from bridge.store.database.dialect import ADVISORY_KEY

_LENGTH = 50
_NOTE = re.compile(rf"[a-z0-9 ]{{0,{_LENGTH}}}")  # goes into a statement as it is


class Turn:
    """A turn that was asked for: whether it is `mine`, and the note that was `left` by a process that died at it."""

    def __init__(
        self, write: Callable[[str], None] | None = None, left: str = ""
    ) -> None:
        self.mine, self.left = write is not None, left
        self._noted, self._write = left, write

    def note(self, text: str) -> None:
        """Says what is begun, for whoever comes after a death; nothing where the turn is not ours."""
        if not _NOTE.fullmatch(text):
            raise ValueError("a note holds small letters, digits and blanks")
        if self._write and text != self._noted:
            self._write(text)
            self._noted = text


@contextmanager
def by_file(database: str, what: str) -> Iterator[Turn]:
    """The turn among the processes that share a SQLite file."""
    path = f"{database}.{what}"
    with private.opened(path, database) as file:  # closing it gives the turn away
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield Turn()
            return
        left = os.pread(file.fileno(), _LENGTH, 0).decode("ascii", "replace").strip()
        turn = Turn(lambda text: _write_over(file.fileno(), text), left)
        try:
            yield turn
        finally:
            turn.note("")


def _write_over(file: int, text: str) -> None:
    # Never cut off before: some file systems then write it to the disk.
    os.pwrite(file, text.ljust(_LENGTH).encode(), 0)


@contextmanager
def by_session(engine: Engine, what: str) -> Iterator[Turn]:
    """The turn among everyone at a PostgreSQL database; a session that ends gives it away."""
    with engine.connect() as connection:
        turn = _asked(connection, what)
        try:
            yield turn
        finally:
            if turn.mine:
                turn.note("")
                prepared.script(connection, _call("pg_advisory_unlock", what))


def _asked(connection: Connection, what: str) -> Turn:
    # The note is read once the turn is ours: whoever had it before took its own away first.
    left = f"SELECT note FROM turns WHERE what = '{what}'"
    cursor = prepared.script(
        connection, f"{_call('pg_try_advisory_lock', what)}; {left}"
    )
    if not cursor.fetchone()[0]:
        return Turn()
    cursor.nextset()
    noted = cursor.fetchone()
    return Turn(lambda text: _put(connection, what, text), noted[0] if noted else "")


def _put(connection: Connection, what: str, text: str) -> None:
    put = f"INSERT INTO turns (what, note) VALUES ('{what}', '{text}')"
    prepared.script(
        connection,
        "BEGIN READ WRITE; SET LOCAL synchronous_commit = off;"
        f" {put} ON CONFLICT (what) DO UPDATE SET note = excluded.note; COMMIT",
    )


def _call(function: str, what: str) -> str:
    return f"SELECT {function}({ADVISORY_KEY.replace(':what', repr(what))})"
