"""What the long-lived processes of the bridge have in common: how they settle, and what they know of each other.

`bridge serve` tells its processes which of them keep dying, so that /readyz can say it, by a file in the folder that
they share for their metrics. Processes that nobody started together know of no others.
"""

import gc
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the variable that names the folder
_FILE = "dying"


def settle() -> None:
    """Tells the collector that what was loaded stays: each of its full rounds would stop all work for 50 ms over it."""
    gc.collect()
    gc.freeze()


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
