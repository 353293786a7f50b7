"""`bridge backup FILE`."""

from pathlib import Path

import click

from bridge import settings as environment


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def command(file: Path) -> None:
    """Write a backup of a SQLite store to a new file, while it is in use."""
    from bridge.store import Database, backup

    database = Database(environment.load().database_url)
    try:
        if database.dialect != "sqlite":
            raise click.UsageError(
                "PostgreSQL has its own: pg_dump --format=custom"
                f' --file={file} "$BRIDGE_DATABASE_URL"'
            )
        rows = backup.back_up(database, file)
    finally:
        database.close()
    held = ", ".join(f"{name} {rows.get(name, 0)}" for name in ("events", "deliveries"))
    size = file.stat().st_size / 2**20
    click.echo(f"{file}: {held}, {size:.1f} MiB, checked", err=True)
