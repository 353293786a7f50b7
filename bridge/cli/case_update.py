"""`bridge test --update`: shows what would change in the mapping files, asks, and writes it.

Nothing is written if the folder would no longer load. A file is replaced as a whole, so that no reader sees half of it.
"""

import codecs
import difflib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

import click

from bridge import mapping
from bridge.cli.mappings import tell
from bridge.cli.text import at, count, printable
from bridge.errors import ConfigurationError, MappingError
from bridge.mapping import CaseResult, Ruleset


def update(
    ruleset: Ruleset, folder: Path, failed: list[CaseResult], *, confirmed: bool
) -> bool:
    """Whether any file was written. Reports what was left as it is, and why."""
    updated = mapping.update_cases(ruleset, failed)
    for line in _difference(ruleset.texts, updated.texts, folder):
        click.echo(line)
    for one in updated.left:
        place, name = at(folder, one.place), printable(one.case.name)
        click.echo(f"{place}: not updated in '{name}': {one.reason}", err=True)
    if not updated.texts:
        click.echo("nothing to update", err=True)
        return False
    _check_loads(ruleset, updated.texts, folder)
    files = count(len(updated.texts), "file")
    if not confirmed and not _agreed(files):
        return False
    before = {name: _read(folder / name, ruleset.texts[name]) for name in updated.texts}
    for name, text in updated.texts.items():
        mark = codecs.BOM_UTF8 if before[name].startswith(codecs.BOM_UTF8) else b""
        _write(folder / name, mark + text.encode())
    click.echo(f"rewrote {files}", err=True)
    return True


def _difference(
    old: Mapping[str, str], new: Mapping[str, str], folder: Path
) -> Iterator[str]:
    """A unified diff of all files; each line is safe to print on a terminal."""
    for name in sorted(new):
        path = at(folder, name)
        before, after = old[name].split("\n"), new[name].split("\n")
        lines = difflib.unified_diff(before, after, path, path, lineterm="")
        yield from (printable(line.rstrip("\r")) for line in lines)


def _check_loads(ruleset: Ruleset, changed: Mapping[str, str], folder: Path) -> None:
    """Ends the command before anything is written if the new texts are not a valid ruleset."""
    try:
        mapping.build({**ruleset.texts, **changed}).usable()
    except MappingError as error:
        tell(error, folder)
        raise SystemExit(error.exit_code) from None


def _agreed(files: str) -> bool:
    """Asks the person at the terminal; if there is none, the answer is no."""
    if not sys.stdin.isatty():
        click.echo(f"nothing written: add --yes to rewrite {files}", err=True)
        return False
    return click.confirm(f"Rewrite {files}?", err=True)


def _read(path: Path, text: str) -> bytes:
    """The bytes of a file. Raises ConfigurationError if it no longer holds the text that was tested."""
    raw = path.read_bytes()
    if raw.decode("utf-8-sig", "replace") != text:
        said = "changed in the meantime, so nothing was written: run the tests again"
        raise ConfigurationError(f"{path} {said}")
    return raw


def _write(path: Path, raw: bytes) -> None:
    """Replaces the content of a file; follows links and keeps its permissions."""
    target = path.resolve()
    with NamedTemporaryFile(dir=target.parent, prefix=".bridge-", delete=False) as file:
        beside = Path(file.name)
        try:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
            shutil.copymode(target, beside)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
