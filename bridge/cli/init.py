"""`bridge init --from PROVIDER --to VENDOR`."""

from pathlib import Path

import click

from bridge import settings as environment
from bridge.cli import mappings
from bridge.errors import MappingError, UnknownName
from bridge.services import starting


@click.command("init")
@mappings.folder_argument
@click.option(
    "--from", "sender", required=True, metavar="PROVIDER", help="The kind of sender."
)
@click.option(
    "--to", "system", required=True, metavar="VENDOR", help="The ticket system."
)
def command(folder: Path | None, sender: str, system: str) -> None:
    """Write a first rule into FOLDER [BRIDGE_MAPPINGS], with a recorded payload and a test that passes.

    Overwrites nothing; exit code 1 when one of its files is there.
    """
    folder = folder or environment.load().mappings
    try:
        files = starting.start(sender, system)
    except UnknownName as error:
        raise click.UsageError(str(error)) from None
    there = [folder / name for name in files if (folder / name).exists()]
    if there:
        click.echo(f"{there[0]} is there, nothing was written", err=True)
        raise SystemExit(1)
    try:
        starting.require_fit(folder, files)
    except MappingError as error:
        mappings.tell(error, folder)
        raise SystemExit(1) from None
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as file:
            file.write(content)
        click.echo(path)
    click.echo(f"next: `bridge test {folder}`, then edit the rule", err=True)
