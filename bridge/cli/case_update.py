"""`bridge test --update`: shows what would change in the mapping files, asks, and writes it.

A folder that would no longer load is not written. A file is replaced whole, so that no reader meets half of it.
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
    """Whether any file was written. Says what is left, and why."""
    updated = mapping.update_cases(ruleset, failed)
    for line in _difference(ruleset.texts, updated.texts, folder):
        click.echo(line)
    for one in updated.left:
        place, name = at(folder, one.place), printable(one.case.name)
        click.echo(f"{place}: left as it is in '{name}': {one.reason}", err=True)
    if not updated.texts:
        click.echo("nothing to rewrite", err=True)
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
    """A unified diff of all files, each line fit for a terminal."""
    for name in sorted(new):
        path = at(folder, name)
        before, after = old[name].split("\n"), new[name].split("\n")
        lines = difflib.unified_diff(before, after, path, path, lineterm="")
        yield from (printable(line.rstrip("\r")) for line in lines)


def _check_loads(ruleset: Ruleset, changed: Mapping[str, str], folder: Path) -> None:
    """Ends the command before anything is written when the new texts make no ruleset."""
    try:
        mapping.build({**ruleset.texts, **changed}).usable()
    except MappingError as error:
        tell(error, folder)
        raise SystemExit(error.exit_code) from None


def _agreed(files: str) -> bool:
    """What a person at a terminal says; without one nobody is asked."""
    if not sys.stdin.isatty():
        click.echo(f"nothing written: add --yes to rewrite {files}", err=True)
        return False
    return click.confirm(f"Rewrite {files}?", err=True)


def _read(path: Path, text: str) -> bytes:
    """The bytes of a file. Raises ConfigurationError when it no longer holds the text that was tested."""
    raw = path.read_bytes()
    if raw.decode("utf-8-sig", "replace") != text:
        said = "was changed in the meantime, so nothing is written: run the tests again"
        raise ConfigurationError(f"{path} {said}")
    return raw


def _write(path: Path, raw: bytes) -> None:
    """Puts other bytes in the place of a file, through links, with its permissions."""
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
