"""Shared by the long-lived processes of the bridge: tuning their memory, and knowing which of them keep crashing.

`bridge serve` writes which of its processes keep crashing into a file in their shared metrics folder, so that /readyz
can report it. Processes that were started separately know nothing of each other.
"""

import ctypes
import gc
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

# The variable that names the folder.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_FILE = "dying"
# From malloc.h.
_M_MMAP_THRESHOLD = -3
# Blocks of so many bytes or more get a mapping of their own; once it is set, glibc no longer raises the limit.
_LARGE = 128 * 1024


def settle() -> None:
    """Prepares a process that has loaded everything to run for months.

    Loaded objects are frozen: otherwise each full garbage collection would stop all work for 50 ms. Large blocks return
    to the system when they are free: otherwise glibc would keep them as long as smaller blocks lie around them.
    """
    gc.collect()
    gc.freeze()
    # Another C library may not have it.
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)


def supervised() -> bool:
    """Whether `bridge serve` started this process."""
    return FOLDER in os.environ


def tell(folder: str, dying: Sequence[str]) -> None:
    """Writes one line per process that keeps crashing. A full disk loses only this."""
    new = Path(folder, f"{_FILE}.new")
    with suppress(OSError):
        new.write_text("\n".join(dying))
        new.replace(Path(folder, _FILE))


def dying() -> list[str]:
    """One line per process of this bridge that keeps crashing."""
    try:
        return Path(os.environ[FOLDER], _FILE).read_text().splitlines()
    except (KeyError, OSError):
        return []
