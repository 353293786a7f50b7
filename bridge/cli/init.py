"""`bridge init --from PROVIDER --to VENDOR`."""

from pathlib import Path
from textwrap import fill

import click

from bridge import providers
from bridge import settings as environment
from bridge import vendors
from bridge.cli import mappings, new_files
from bridge.errors import MappingError, UnknownName
from bridge.services import starting


@click.command("init")
@mappings.folder_argument
@click.option(
    "--from", "sender", metavar="PROVIDER", help="The kind of sender, such as stripe."
)
@click.option(
    "--to", "system", metavar="VENDOR", help="The ticket system, such as vambe."
)
def command(folder: Path | None, sender: str | None, system: str | None) -> None:
    """Write a first rule into FOLDER [BRIDGE_MAPPINGS], with a recorded payload and a test that passes.

    Without options, list the senders and ticket systems. Overwrites nothing: exit code 1 if one of the files exists.
    """
    if not sender and not system:
        _list()
        return
    if not sender or not system:
        raise click.UsageError(
            "give both --from and --to: `bridge init` lists the choices"
        )
    folder = folder or environment.load().mappings
    try:
        files = starting.start(sender, system)
    except UnknownName as error:
        raise click.UsageError(str(error)) from None
    try:
        starting.require_fit(folder, files)
    except MappingError as error:
        mappings.tell(error, folder)
        raise SystemExit(1) from None
    from bridge.mapping.jsonschema import schema_text

    schema = folder / starting.SCHEMA
    if not schema.exists():
        files = {**files, schema.name: schema_text().encode()}
    new_files.write({folder / name: content for name, content in files.items()})
    for name in files:
        click.echo(folder / name)
    click.echo(f"next: `bridge test {folder}`, then edit the rule", err=True)


def _list() -> None:
    """Lists the choices, with an example."""
    for option, names in (("--from", providers.names()), ("--to", vendors.names())):
        lead = f"{option:7} "
        listed = fill(
            " ".join(names),
            80,
            initial_indent=lead,
            subsequent_indent=" " * len(lead),
            break_on_hyphens=False,
        )
        click.echo(listed)
    click.echo("example: bridge init --from stripe --to vambe", err=True)
