"""What the commands that read mapping files share: which folder, and its ruleset or what is wrong with it."""

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
    """The folder that was named, else that of the settings. Raises ConfigurationError when it is no folder."""
    path = folder or _usual()
    if not path.is_dir():
        said = "is not a folder" if path.exists() else "does not exist"
        wanted = "name the folder of the mapping files, here or in BRIDGE_MAPPINGS"
        raise ConfigurationError(f"{path} {said}: {wanted}")
    return path


def _usual() -> Path:
    from bridge import settings  # which takes a while to import, and is seldom asked

    return settings.load().mappings


def usable(folder: Path) -> Ruleset:
    """The ruleset of a folder; where there is none, its errors are shown and the command ends."""
    try:
        return mapping.load(folder).usable()
    except MappingError as error:
        tell(error, folder)
        raise SystemExit(error.exit_code) from None


def tell(error: MappingError, folder: Path) -> None:
    """Says what is wrong with a folder, with places that can be clicked."""
    click.echo(f"bridge: {error}", err=True)
    for finding in error.findings:
        if isinstance(finding, Diagnostic):
            click.echo(full(finding, str(folder)), err=True)
