"""Remembers, per mappings folder, the names of the tests that failed last: what `bridge test --lf` runs.

A file in the user's cache folder, there only while something fails. It is a convenience: what cannot be read or
written is as if nothing were remembered, and never an error.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path


def recall(folder: Path) -> frozenset[str]:
    """The tests of a mappings folder that failed when they last ran."""
    try:
        names = json.loads(_file(folder).read_text("utf-8"))["failed"]
        return frozenset(name for name in names if isinstance(name, str))
    except (OSError, RuntimeError, ValueError, LookupError, TypeError):
        return frozenset()


def remember(folder: Path, *, passed: Iterable[str], failed: Iterable[str]) -> None:
    """Takes in a run. What did not run is remembered as it was."""
    before = recall(folder)
    names = (before - frozenset(passed)) | frozenset(failed)
    if names != before:
        with suppress(OSError, RuntimeError, ValueError):
            _write(_file(folder), folder, names)


def _write(path: Path, folder: Path, names: frozenset[str]) -> None:
    if not names:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {"folder": str(folder.resolve()), "failed": sorted(names)}
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(json.dumps(kept), "utf-8")
    beside.replace(path)  # two runs at once leave the file of one, never half of it


def _file(folder: Path) -> Path:
    """The file of a folder. Raises RuntimeError for a user without a home."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    key = sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return base / "bridge" / f"last-failed-{key}.json"
