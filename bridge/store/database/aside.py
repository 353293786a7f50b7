"""Gives the old store a second name before a restored one replaces it, so that a killed restore loses neither.

A restore that is killed leaves what it has made so far, next to which nothing starts. When that is removed the store is
as it was: a start gives back what had been moved.
"""

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from bridge.errors import StoreUnfit

LOGS = ("-wal", "-journal")  # hold what is not in the database yet


def half_restored(file: Path) -> Path:
    """What a restore has made so far; it gets the store's name in the last step."""
    return file.with_name(f".{file.name}.restored")


def require_whole(file: Path) -> None:
    """Raises StoreUnfit where nothing may start: next to a restore that goes on or was broken off, or a log alone."""
    if (half := half_restored(file)).exists():
        raise StoreUnfit(
            f"a restore of {file} goes on, or was broken off: run `bridge restore` again,"
            f" or remove {half} to go on with the store as it was"
        )
    logs = [log for log in _of(file, LOGS) if log.exists() and log.stat().st_size]
    if logs and not file.exists():  # in this order: another process may make both now
        raise StoreUnfit(
            f"there is no store at {file}, but {logs[0]} of one: put the store back or restore a backup;"
            " to begin with an empty store, move that file away"
        )


def second_names(file: Path) -> list[Path]:
    """Those that a store still has from a restore that was broken off."""
    if not file.exists():
        return []
    names = file.parent.glob(f"{glob.escape(file.name)}.before-restore-*Z")
    return [other for other in names if other.exists() and other.samefile(file)]


def put_back(file: Path) -> None:
    """Takes back such names, and gives back the log. The caller holds the store's lock, as a restore does."""
    for other in second_names(file):
        _move(other, file)
        other.unlink()


@contextmanager
def set_aside(file: Path, now: datetime, *, keep: bool) -> Iterator[Path]:
    """A second name for a store that is to be kept, and the only name for a log; as it was where the block fails.

    A store that is well has no log when nothing runs on it. One that is damaged may, or one that somebody removed.
    """
    other = file.with_name(f"{file.name}.before-restore-{now:%Y%m%dT%H%M%S}Z")
    if any(path.exists() for path in (other, *_of(other, LOGS))):
        raise StoreUnfit(f"{other} exists: move it and its log away, then restore")
    try:
        if keep:
            _give_name(file, other)
        _move(file, other)
        Path(f"{file}-shm").unlink(
            missing_ok=True
        )  # says nothing that the log does not
        yield other
    except BaseException:
        if half_restored(file).exists():  # or else it has the name already
            _move(other, file)
            other.unlink(missing_ok=True)
        raise


def _give_name(file: Path, other: Path) -> None:
    """A link, or a copy where the file system has no links."""
    try:
        os.link(file, other)
    except OSError:
        with open(file, "rb") as old, open(other, "xb", opener=_private) as new:
            shutil.copyfileobj(old, new)
            new.flush()
            os.fsync(new.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _move(file: Path, other: Path) -> None:
    """The logs of a file to another one's name."""
    for log, moved in zip(_of(file, LOGS), _of(other, LOGS)):
        with suppress(FileNotFoundError):
            os.rename(log, moved)


def _of(file: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return [Path(f"{file}{suffix}") for suffix in suffixes]
