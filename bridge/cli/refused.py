"""`bridge refused`."""

from datetime import UTC, datetime

import click

from bridge.cli.store import json_option, limit_option, opened, show_rows
from bridge.services import filters
from bridge.store import rejections

_COLUMNS = ("last_at", "count", "source", "reason", "path", "remote")


@click.command("refused")
@click.option("--source", help="Only of this source.")
@click.option(
    "--since", default="7d", show_default=True, help="24h, 7d, a date or a time in UTC."
)
@limit_option
@json_option
def command(source: str | None, since: str, limit: int, *, as_json: bool) -> None:
    """List refused requests, newest first: one row per source, reason and path.

    Requests to a wrong URL have the source (unknown). docs/refusals.md explains each reason and what to do.
    """
    after = filters.moment("since", since, datetime.now(UTC))
    with opened() as database, database.read() as tx:
        rows = rejections.listed(tx, since=after, source=source, limit=limit)
    show_rows(rows, _COLUMNS, as_json=as_json)
