"""Writes files that are not there yet, all of them or none: a person's own file is never written over."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import click

from bridge.errors import ConfigurationError


def write(files: Mapping[Path, bytes]) -> None:
    """Writes new files, with the folders that they stand in.

    Ends the command with exit code 1 where one of them is there. Raises ConfigurationError where one cannot be
    written. Either way none of them is left.
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
            click.echo(f"{path} is there, nothing was written", err=True)
            raise SystemExit(1) from None
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}"
        ) from None


def _take_back(made: list[Path]) -> None:
    for path in made:
        with suppress(OSError):
            path.unlink()
