"""`bridge backup FILE`."""

from pathlib import Path

import click

from bridge import settings as environment
from bridge.cli.store import json_option, tell
from bridge.cli.text import json_line


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def command(file: Path, as_json: bool) -> None:
    """Back up a SQLite store to a new file while it is in use."""
    from bridge.store import Database, require_there
    from bridge.store.keeping import back_up

    url = environment.load().database_url
    require_there(url)
    database = Database(url, tell)
    try:
        if database.dialect != "sqlite":
            raise click.UsageError(
                "for PostgreSQL, use pg_dump --format=custom"
                f' --file={file} "$BRIDGE_DATABASE_URL"'
            )
        rows = back_up(database, file)
    finally:
        database.close()
    if as_json:
        said = {"file": str(file), "bytes": file.stat().st_size, "rows": dict(rows)}
        click.echo(json_line(said))
        return
    held = ", ".join(f"{name} {rows.get(name, 0)}" for name in ("events", "deliveries"))
    size = file.stat().st_size / 2**20
    click.echo(f"{file}: {held}, {size:.1f} MiB, checked", err=True)
