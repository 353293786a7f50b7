"""Files beside a SQLite store that only its account may open: whoever can open a lock can hold it and stop everyone.

A file that was made with a wider mode is closed; one that belongs to somebody else is refused, with what to do.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

from bridge.errors import StoreUnfit

_FILE, _FOLDER = 0o600, 0o700


def make_folder(path: Path) -> None:
    """Makes a folder, and those above it, for this account alone; one that is there stays as it is."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(_FOLDER, exist_ok=True)


def opened(path: str, database: str) -> IO[bytes]:
    """A file to lock, made where there is none. Raises StoreUnfit where another account may hold it, and OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    fd = os.open(path, flags, _FILE)
    try:
        _close_to_others(fd, path, _owners(database))
        return os.fdopen(fd, "r+b", buffering=0)
    except BaseException:
        os.close(fd)
        raise


def _owners(database: str) -> list[int]:
    """Whose the store and its folder are; the folder's alone before there is a store."""
    paths = (Path(database), Path(database).parent)
    return [os.stat(path).st_uid for path in paths if path.exists()]


def _close_to_others(fd: int, path: str, owners: list[int]) -> None:
    about, me = os.fstat(fd), os.geteuid()
    if not stat.S_ISREG(about.st_mode) or about.st_uid not in (me, *owners):
        raise StoreUnfit(
            f"{path} is not the bridge's own file, so that somebody else could stop the bridge with it: remove it"
        )
    if (
        me == 0 and about.st_uid != owners[0]
    ):  # root helps out: the bridge has to open it
        os.fchown(fd, owners[0], -1)
    if stat.S_IMODE(about.st_mode) != _FILE:
        with suppress(PermissionError):  # its owner is another account, and will do it
            os.fchmod(fd, _FILE)
