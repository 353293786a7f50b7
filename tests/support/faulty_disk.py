"""A disk that fails for SQLite while a file of that name lies in a folder: full, unwritable, without sync, or slow."""

from pathlib import Path

import vfs
from gevent import monkey

sleep = monkey.get_original("time", "sleep")  # the thread that writes has no loop

FAULTS = ("full", "eio", "fsync")


class Disk(vfs.Hooks):
    """Asks the folder at every write: any process of the bridge, whenever it was started, has the same disk."""

    def __init__(self, folder):
        self._folder = Path(folder)

    def write(self, path, offset, data):
        self._wait("slow write")
        if self._has("full"):
            return vfs.FULL
        return vfs.IOERR_WRITE if self._has("eio") else vfs.OK

    def truncate(self, path, size):
        return self.write(path, 0, b"")

    def sync(self, path):
        self._wait("slow sync")
        return vfs.IOERR_FSYNC if self._has("fsync") else vfs.OK

    def _wait(self, fault):
        while self._has(fault):
            sleep(0.02)

    def _has(self, fault):
        return (self._folder / fault).exists()


def install(folder):
    vfs.install(Disk(folder))
