"""Wakes a process when a file is touched, on systems that can tell (Linux's inotify).

A hint between the processes of one machine, so that nobody needs to look again and again. Waits for nothing itself.
"""

import ctypes
import os
from contextlib import suppress

_IN_ATTRIB = 0x4
_FLAGS = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_EVENTS = 4096  # bytes; one read takes about 200 of them, and what is left tells again


class Bell:
    """Rings when the file is touched, by whatever process, from the first `fileno` on."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: int | None = None
        self._tried = False

    def fileno(self) -> int | None:
        """Readable once it rang; None where there is no such thing."""
        if not self._tried:
            self._tried, self._fd = True, _watch(self._path)
        return self._fd

    def quiet(self) -> None:
        """Takes note that it rang."""
        if self._fd is not None:
            with suppress(BlockingIOError):
                os.read(self._fd, _EVENTS)

    def close(self) -> None:
        """Rings no more."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd, self._tried = None, False


def touch(fd: int) -> None:
    """Rings the bell of an open file. A hint: a file system that keeps no times must not stop a writer."""
    with suppress(OSError):
        os.utime(fd)


def _watch(path: str) -> int | None:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        return None
    fd = libc.inotify_init1(_FLAGS)
    if fd < 0:
        return None
    if libc.inotify_add_watch(fd, os.fsencode(path), _IN_ATTRIB) < 0:
        os.close(fd)
        return None
    return int(fd)
