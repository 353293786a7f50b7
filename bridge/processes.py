"""What the long-lived processes of the bridge have in common: how they settle, and what they know of each other.

`bridge serve` tells its processes which of them keep dying, so that /readyz can say it, by a file in the folder that
they share for their metrics. Processes that nobody started together know of no others.
"""

import ctypes
import gc
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the variable that names the folder
_FILE = "dying"
_M_MMAP_THRESHOLD = -3  # malloc.h
# Bytes, from which on glibc maps a block of its own. Where it was said, glibc no longer raises it.
_LARGE = 128 * 1024


def settle() -> None:
    """Makes a process, once it has loaded all, one that may live for months.

    What was loaded stays: each full round of the collector would stop all work for 50 ms over it. What is large goes
    back to the system when it is free: glibc would come to keep it between smaller things, while those are there.
    """
    gc.collect()
    gc.freeze()
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)


def supervised() -> bool:
    """Whether `bridge serve` started this process, beside others."""
    return FOLDER in os.environ


def tell(folder: str, dying: Sequence[str]) -> None:
    """Replaces what is known: one line for each process that keeps dying. A full disk loses no more than that."""
    new = Path(folder, f"{_FILE}.new")
    with suppress(OSError):
        new.write_text("\n".join(dying))
        new.replace(Path(folder, _FILE))


def dying() -> list[str]:
    """One line for each process of this bridge that keeps dying."""
    try:
        return Path(os.environ[FOLDER], _FILE).read_text().splitlines()
    except (KeyError, OSError):
        return []
