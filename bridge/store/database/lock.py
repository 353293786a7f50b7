"""The lock between the processes of one machine that write to a SQLite store.

It is a file beside the database, never the database file itself, since closing any descriptor of that file would drop
SQLite's own locks. Who waits does so in the kernel, first come first served. A command says for whom it waits, and
gives up after a while; a bridge that runs waits on, since those who wait for it have a patience of their own.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from bridge import log
from bridge.errors import StoreUnavailable
from bridge.greenlets import patched
from bridge.store.database import holders, private
from bridge.store.database.bell import touch

SAY = 1.0  # seconds after which one says for whom one waits
PATIENCE = 8.0  # seconds that a command waits
_LOOK = 0.01  # seconds between tries where nobody waits in the kernel

Tell = Callable[[str], None]


def _to_log(line: str) -> None:
    log.get("store").warning(line)


class FileLock:
    """The lock of a store. `tell` gets a line for people about who is waited for; it is logged otherwise."""

    def __init__(self, database: str, tell: Tell | None = None) -> None:
        self.path = f"{database}.lock"
        self._database = database
        self._tell = tell or _to_log
        self._file = private.opened(self.path, database)
        self._waits_since: float | None = None

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()

    def tell(self) -> None:
        """Wakes those who wait for a change, in all processes of this machine."""
        touch(self._file.fileno())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lock; blocks the calling thread until it is free. Raises StoreUnavailable where that takes long."""
        self._take()
        while not self._is_in_place():  # who comes now locks another file
            self._file.close()
            self._file = private.opened(self.path, self._database)
            self._take()
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextmanager
    def tried(self, seconds: float = SAY) -> Iterator[bool]:
        """Holds the lock if it can be had within so many seconds; whether it is held."""
        until = time.monotonic() + seconds
        while not (mine := self._try()) and time.monotonic() < until:
            time.sleep(_LOOK)
        try:
            yield mine
        finally:
            if mine:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def holders(self) -> str:
        """Who holds it, for a sentence."""
        return f"{self.path} is held by {holders.named(self.path)}"

    def is_late(self) -> bool:
        """Whether this process has been waiting for it longer than commits take."""
        since = self._waits_since
        return since is not None and time.monotonic() - since > SAY

    def _take(self) -> None:
        if self._try():
            return
        self._waits_since = time.monotonic()
        try:
            if patched("threading"):
                fcntl.flock(self._file, fcntl.LOCK_EX)
            else:
                self._wait()
        finally:
            self._waits_since = None

    def _try(self) -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def _is_in_place(self) -> bool:
        """Whether the file is still the one that others open."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self._file.fileno()), os.stat(self.path))
        return False

    def _wait(self) -> None:
        waiting = _Waiting(os.dup(self._file.fileno()))
        waiting.start()
        if waiting.is_over(SAY):
            return
        self._tell(f"waiting: {self.holders()}")
        if not waiting.is_over(PATIENCE - SAY) and waiting.give_up():
            raise StoreUnavailable(
                f"{self.holders()}, for longer than {PATIENCE:g} s; nothing was changed:"
                " try again, or end that process if it hangs"
            )


class _Waiting(threading.Thread):
    """Waits in the kernel for someone who may give up, and then gives back what it gets."""

    def __init__(self, fd: int) -> None:
        super().__init__(daemon=True)
        self._fd = fd  # of its own: the other one may be closed meanwhile
        self._mutex, self._held = threading.Lock(), threading.Event()
        self._given_up = False

    def run(self) -> None:
        """Until the lock is there, however long that takes."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        with self._mutex:
            if self._given_up:
                fcntl.flock(self._fd, fcntl.LOCK_UN)
            self._held.set()
        os.close(self._fd)

    def is_over(self, seconds: float) -> bool:
        """Whether the lock is there within so many seconds."""
        return self._held.wait(seconds)

    def give_up(self) -> bool:
        """Whether nothing is held now; False where the lock came at this very moment."""
        with self._mutex:
            self._given_up = not self._held.is_set()
        return self._given_up
