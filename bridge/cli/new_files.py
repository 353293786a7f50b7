"""Writes new files, all of them or none; never overwrites a file."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import click

from bridge.errors import ConfigurationError


def write(files: Mapping[Path, bytes]) -> None:
    """Writes new files, and makes their folders.

    Ends the command with exit code 1 if one of them exists. Raises ConfigurationError if one cannot be written. Either
    way, none of them is left behind.
    """
    made: list[Path] = []
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as file:
                made.append(path)
                file.write(content)
    except OSError as error:
        _take_back(made)
        if isinstance(error, FileExistsError) and os.path.lexists(path):
            click.echo(f"{path} already exists: nothing was written", err=True)
            raise SystemExit(1) from None
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from None


def _take_back(made: list[Path]) -> None:
    for path in made:
        with suppress(OSError):
            path.unlink()
