"""A disk that fails for SQLite while a file of that name lies in a folder: full, unwritable or unable to sync."""

from pathlib import Path

import vfs

FAULTS = ("full", "eio", "fsync")


class Disk(vfs.Hooks):
    """Asks the folder at every write: any process of the bridge, whenever it was started, has the same disk."""

    def __init__(self, folder):
        self._folder = Path(folder)

    def write(self, path, offset, data):
        if self._has("full"):
            return vfs.FULL
        return vfs.IOERR_WRITE if self._has("eio") else vfs.OK

    def truncate(self, path, size):
        return self.write(path, 0, b"")

    def sync(self, path):
        return vfs.IOERR_FSYNC if self._has("fsync") else vfs.OK

    def _has(self, fault):
        return (self._folder / fault).exists()


def install(folder):
    vfs.install(Disk(folder))
