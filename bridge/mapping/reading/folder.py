"""Reads the mappings folder: every *.yaml and *.csv below it, as text. The only file access of loading rules.

Nothing outside the folder is read: a link that leads out of it is a finding. Names that start with a dot are passed
over, which also makes Kubernetes' mounted folders (links into `..data`) read once.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from bridge.model import Diagnostic, Place

MAX_BYTES = 4 * 1024 * 1024  # per file
_READ = (".yaml", ".csv")


def read_folder(folder: Path) -> tuple[dict[str, str], list[Diagnostic]]:
    """Relative path (with /) → text, and what could not be read."""
    texts: dict[str, str] = {}
    findings: list[Diagnostic] = []
    if not folder.is_dir():
        return {}, [Diagnostic(code="M008", message=f"there is no folder {folder}")]
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if path.suffix in _READ:
            found = _read(path, name, folder, texts)
            findings += [found] if found else []
        elif path.suffix in (".yml", ".YAML", ".YML"):
            findings.append(_finding("W603", "this file is not read", name, _RENAME))
    if not any(name.endswith(".yaml") for name in texts) and not findings:
        message = f"the folder {folder} contains no *.yaml file"
        findings.append(Diagnostic(code="W604", message=message))
    return texts, findings


def fingerprint(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """What differs when any file of the folder does: path, time, size and inode of each, without reading them."""
    found = []
    for path in _files(folder):
        try:
            stat = path.stat()
        except OSError:  # it vanished between the listing and the look
            continue
        found.append((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return tuple(found)


_RENAME = "rename it to end in .yaml"


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(root) / name


def _read(
    path: Path, name: str, folder: Path, texts: dict[str, str]
) -> Diagnostic | None:
    if not path.resolve().is_relative_to(folder.resolve()):
        message = "this link points outside the mappings folder, so it is not followed"
        return _finding("M008", message, name, "copy the file into the folder")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            return _finding("M008", "the file is larger than 4 MiB", name, "split it")
        texts[name] = raw.decode("utf-8-sig")
    except OSError as error:
        return _finding("M008", f"the file cannot be read: {error.strerror}", name)
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text (byte {error.start})"
        return _finding("M008", message, name, "save it as UTF-8")
    return None


def _finding(code: str, message: str, name: str, help: str = "") -> Diagnostic:
    place = Place(file=name, line=1, column=1)
    return Diagnostic(code=code, message=message, place=place, help=help)
