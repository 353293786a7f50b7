"""Remembers, per mappings folder, the names of the tests that failed last: what `bridge test --lf` runs.

A file in the user's cache folder that exists only while something fails. It is a convenience: a file that cannot be
read or written counts as empty, and is never an error.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path


def recall(folder: Path) -> frozenset[str]:
    """The tests of a mappings folder that failed in their last run."""
    try:
        names = json.loads(_file(folder).read_text("utf-8"))["failed"]
        return frozenset(name for name in names if isinstance(name, str))
    except (OSError, RuntimeError, ValueError, LookupError, TypeError):
        return frozenset()


def remember(folder: Path, *, passed: Iterable[str], failed: Iterable[str]) -> None:
    """Records a run. Tests that did not run keep their last result."""
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
    # Two runs at once leave the file of one of them, never half a file.
    beside.replace(path)


def _file(folder: Path) -> Path:
    """The cache file of a mappings folder. Raises RuntimeError if the user has no home."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    key = sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return base / "bridge" / f"last-failed-{key}.json"
