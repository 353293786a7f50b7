"""`bridge migrate`."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bridge.store import Database


@click.command("migrate")
@click.option(
    "--from",
    "old",
    metavar="URL",
    help="Move this SQLite store into the empty PostgreSQL of BRIDGE_DATABASE_URL.",
)
def command(old: str | None) -> None:
    """Bring the store to this release's shape, or move it to PostgreSQL."""
    from bridge import settings as environment
    from bridge.store import Database, migrate

    database = Database(environment.load().database_url)
    try:
        if old:
            _move(old, database)
            return
        done = migrate(database)
    finally:
        database.close()
    click.echo("migrated" if done else "nothing to do", err=True)


def _move(old: str, new: "Database") -> None:
    from bridge.store import Database, moving

    source = Database(old)
    try:
        moving.move(source, new, lambda line: click.echo(f"  {line}", err=True))
    finally:
        source.close()
    click.echo(
        "moved, and the old store takes nothing any more: start what serves with BRIDGE_DATABASE_URL as it is now",
        err=True,
    )
