"""`bridge restore FILE`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from bridge import settings as environment
from bridge.cli.store import json_option, tell
from bridge.cli.text import json_line, plain, printable


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--force", is_flag=True, help="Set a store that holds events aside, beside it."
)
@json_option
def command(file: Path, force: bool, as_json: bool) -> None:
    """Put a backup in the place of a SQLite store on which nothing runs; it starts paused."""
    from bridge.cli import steering
    from bridge.store import restore

    url = environment.load().database_url
    if not url.startswith("sqlite:"):
        raise click.UsageError(
            f'PostgreSQL has its own: pg_restore --dbname="$BRIDGE_DATABASE_URL" {file},'
            " then `bridge pause --all` before anything is started"
        )
    person = steering.me("").person
    now = datetime.now(UTC)
    done = restore.restore(file, url, person=person, now=now, force=force, tell=tell)
    if as_json:
        aside = str(done.aside) if done.aside else None
        said = {"newest": plain(done.newest), "waiting": done.waiting, "aside": aside}
        click.echo(json_line(said))
        return
    if done.aside:
        click.echo(f"the store that was there is now {done.aside}", err=True)
    click.echo(
        f"restored, and paused: its newest event is of {printable(done.newest)},"
        f" {done.waiting} of its deliveries wait",
        err=True,
    )
    click.echo(
        "look at `bridge deliveries list` before `bridge resume --all`: what was sent"
        " after the backup would be sent again",
        err=True,
    )
