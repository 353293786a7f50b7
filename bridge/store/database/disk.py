"""The free space of the database's disk: asked for often, measured once a second.

The last room is for what was already accepted: workers go on below the mark, and what they finish needs it.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from bridge.errors import StoreUnavailable

_FRESH = 1.0  # seconds


class Disk:
    """The file system that holds a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._free = sys.maxsize  # until it is known
        self._looked = float("-inf")

    def require(self, least: int) -> None:
        """Raises StoreUnavailable when fewer than `least` bytes are free for this user."""
        if self.free() < least:
            raise StoreUnavailable(
                f"the database's disk has less than {least / 2**20:g} MiB free: make room, or move the database"
            )

    def free(self) -> int:
        """Bytes, at most a second old. What was last known of a file system that cannot be asked."""
        now = time.monotonic()
        if now - self._looked >= _FRESH:
            self._looked = now
            with suppress(OSError):
                disk = os.statvfs(self._folder)
                self._free = disk.f_bavail * disk.f_frsize
        return self._free
