"""`bridge migrate`."""

from typing import TYPE_CHECKING

import click

from bridge.cli.store import json_option, tell
from bridge.cli.text import json_line

if TYPE_CHECKING:
    from bridge.store import Database


@click.command("migrate")
@click.option(
    "--from",
    "old",
    metavar="URL",
    help="Move this SQLite store into the empty PostgreSQL database of BRIDGE_DATABASE_URL.",
)
@json_option
def command(old: str | None, as_json: bool) -> None:
    """Upgrade the store to this release, or move it to PostgreSQL."""
    from bridge import settings as environment
    from bridge.store import Database, migrate, require_there

    if old:
        require_there(old)
    database = Database(environment.load().database_url, tell)
    try:
        if old:
            _move(old, database)
            done = True
        else:
            done = migrate(database)
            click.echo("migrated" if done else "nothing to do", err=True)
    finally:
        database.close()
    if as_json:
        click.echo(json_line({"changed": done}))


def _move(old: str, new: "Database") -> None:
    from bridge.store import Database
    from bridge.store.keeping import move

    source = Database(old, tell)
    try:
        move(source, new, lambda line: click.echo(f"  {line}", err=True))
    finally:
        source.close()
    click.echo(
        "moved; the old store is now read-only: restart the bridge with the current BRIDGE_DATABASE_URL",
        err=True,
    )
