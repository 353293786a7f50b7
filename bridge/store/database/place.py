"""Checks that the files of a SQLite store are still the ones that this process opened, and may be written.

A file that is removed, replaced or moved away goes on being written by those who have it open, and what they write is
lost. The same holds for its log and the log's index: who comes later makes new ones, and the two know nothing of each
other. So all of them are looked at before each commit, which fails while something is wrong. Changes nothing itself.
"""

import os

from bridge.errors import StoreGone, StoreUnavailable

_DATABASE = ""
_LOG = ("-wal", "-shm")  # and its index; SQLite puts both beside the database

_Identity = tuple[int, int]  # device, inode


class Place:
    """The database, its log and the log's index, from the first connection of this process on."""

    def __init__(self, database: str) -> None:
        self._path = os.path.abspath(database)
        self._real = self._path  # where a link leads to, beside which the log is
        self._seen: dict[str, _Identity] = {}
        self._open: set[int] = set()  # connections; sets and dicts need no lock here

    def opened(self, connection: object) -> None:
        """A connection was made, which has opened all three."""
        if _DATABASE not in self._seen:
            self._real = os.path.realpath(self._path)
        self._open.add(id(connection))
        for suffix in (_DATABASE, *_LOG):
            if suffix not in self._seen and (file := self._look(suffix)):
                self._seen[suffix] = _identity(file)

    def closed(self, connection: object) -> None:
        """After the last one the log may be another: SQLite removes it, and makes it anew."""
        self._open.discard(id(connection))
        if not self._open:
            for suffix in _LOG:
                self._seen.pop(suffix, None)

    def require(self) -> None:
        """Raises StoreGone where a file is not the one that was opened, StoreUnavailable where it is read-only."""
        for suffix, seen in tuple(self._seen.items()):
            file = self._look(suffix)
            if file is None or _identity(file) != seen:
                raise StoreGone(self._change(suffix, file is not None))
            # The mode says what is meant, root and who has the file open could write all the same.
            if not file.st_mode & 0o222:
                raise _read_only(self._name(suffix))
        if self._seen and not os.access(self._path, os.W_OK):
            raise _read_only(self._path)

    def _name(self, suffix: str) -> str:
        # The database by the name that was given: its link may lead elsewhere by now.
        return self._real + suffix if suffix else self._path

    def _look(self, suffix: str) -> os.stat_result | None:
        try:
            return os.stat(self._name(suffix))
        except OSError:
            return None

    def _change(self, suffix: str, is_there: bool) -> str:
        what = "is another file than the one that was opened" if is_there else "is gone"
        if suffix:
            help = "stop all that runs on the store, then start it again"
        elif is_there:
            help = (
                "restart the bridge if this is the right one, or put the other one back"
            )
        else:
            help = "put it back, or restore a backup"
        return f"nothing can be stored: {self._name(suffix)} {what}; {help}"


def _identity(file: os.stat_result) -> _Identity:
    return file.st_dev, file.st_ino


def _read_only(path: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"nothing can be stored: {path} is read-only; make it writable (chmod u+w, or mount it rw)"
    )
