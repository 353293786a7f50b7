"""`bridge record EVENT`."""

import os
from pathlib import Path

import click

from bridge import mapping
from bridge import settings as environment
from bridge.cli import new_files, text
from bridge.cli.store import event_argument, event_named, opened
from bridge.errors import ConfigurationError, MappingError
from bridge.services import recording
from bridge.store.events import StoredEvent

STDOUT = Path("-")


@click.command("record")
@event_argument
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; - is stdout.  [a new one in payloads/ of BRIDGE_MAPPINGS]",
)
@click.option(
    "--mask",
    is_flag=True,
    help="Replace e-mail addresses and telephone numbers with examples.",
)
def command(name: str, out: Path | None, *, mask: bool) -> None:
    """Write a received event as a recorded payload, and print a test that expects what the rules do with it now.

    EVENT is its number or its sender's id. Signatures and credentials are left out. Overwrites nothing.
    """
    with opened() as database:
        stored = event_named(database, name)
    raw = recording.recorded(stored, mask=mask)
    if out == STDOUT:
        text.raw(raw)
        return
    folder = environment.load().mappings
    path = out or folder / recording.file_name(stored)
    new_files.write({path: raw})
    click.echo(
        f"wrote {path}: check it for personal data before you share it", err=True
    )
    _show_test(folder, stored, path, raw)


def _show_test(folder: Path, stored: StoredEvent, path: Path, raw: bytes) -> None:
    """Prints the test on stdout, or on stderr why there is none."""
    try:
        ruleset = mapping.load(folder).usable()
        source = ruleset.sources[stored.source]
        file = folder / source.place.file
        given = Path(os.path.relpath(path, file.parent)).as_posix()
        case = recording.case(ruleset, stored.source, raw, given)
    except (MappingError, ConfigurationError, KeyError) as error:
        why = f"no mapping file declares '{stored.source}'"
        said = why if isinstance(error, KeyError) else str(error)
        click.echo(f"no test was made: {said}", err=True)
        return
    click.echo(
        f"add this under `tests:` in {file}, once you have checked what it expects:",
        err=True,
    )
    for line in case.splitlines():
        click.echo(text.printable(line))
