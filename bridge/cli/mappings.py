"""Shared by the commands that read mapping files: which folder, and its ruleset or its errors."""

from pathlib import Path

import click

from bridge import mapping
from bridge.errors import ConfigurationError, MappingError
from bridge.mapping import Ruleset
from bridge.mapping.findings import full
from bridge.model import Diagnostic

folder_argument = click.argument(
    "folder", required=False, type=click.Path(path_type=Path)
)


def chosen(folder: Path | None) -> Path:
    """The folder that was named, or that of the settings. Raises ConfigurationError if it is not a folder."""
    path = folder or _usual()
    if not path.is_dir():
        said = "is not a folder" if path.exists() else "does not exist"
        wanted = "name the folder of the mapping files, or set BRIDGE_MAPPINGS"
        raise ConfigurationError(f"{path} {said}: {wanted}")
    return path


def _usual() -> Path:
    # It is slow to import, and rarely needed.
    from bridge import settings

    return settings.load().mappings


def usable(folder: Path) -> Ruleset:
    """The ruleset of a folder; if it has errors, shows them and ends the command."""
    try:
        return mapping.load(folder).usable()
    except MappingError as error:
        tell(error, folder)
        raise SystemExit(error.exit_code) from None


def tell(error: MappingError, folder: Path) -> None:
    """Shows the errors of a folder, with clickable places."""
    click.echo(f"bridge: {error}", err=True)
    for finding in error.findings:
        if isinstance(finding, Diagnostic):
            click.echo(full(finding, str(folder)), err=True)
