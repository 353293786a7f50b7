"""`bridge restore FILE`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from bridge import settings as environment
from bridge.cli.store import json_option, tell
from bridge.cli.text import count, json_line, plain, printable


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--force", is_flag=True, help="If the store holds events, move it aside first."
)
@json_option
def command(file: Path, force: bool, as_json: bool) -> None:
    """Replace a SQLite store with a backup, while no bridge is running; it starts paused."""
    from bridge.cli import steering
    from bridge.store.keeping import restore

    url = environment.load().database_url
    if not url.startswith("sqlite:"):
        raise click.UsageError(
            f'for PostgreSQL, use pg_restore --dbname="$BRIDGE_DATABASE_URL" {file},'
            " then `bridge pause --all` before you start the bridge"
        )
    person = steering.me("").person
    now = datetime.now(UTC)
    done = restore(file, url, person=person, now=now, force=force, tell=tell)
    if as_json:
        aside = str(done.aside) if done.aside else None
        said = {"newest": plain(done.newest), "waiting": done.waiting, "aside": aside}
        click.echo(json_line(said))
        return
    if done.aside:
        click.echo(f"the old store is now {done.aside}", err=True)
    click.echo(
        f"restored and paused: newest event {printable(done.newest)},"
        f" {count(done.waiting, 'waiting delivery')}",
        err=True,
    )
    click.echo(
        "check `bridge deliveries list` before you run `bridge resume --all`:"
        " updates that were sent after the backup would be sent again",
        err=True,
    )
