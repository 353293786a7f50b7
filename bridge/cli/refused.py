"""`bridge refused`."""

from datetime import UTC, datetime

import click

from bridge.cli.filters import Filtered, filter_argument, written
from bridge.cli.store import json_option, limit_option, opened, show_rows
from bridge.services import filters
from bridge.store import rejections

_COLUMNS = ("last_at", "count", "source", "reason", "path", "remote")


@click.command("refused", cls=Filtered)
@filter_argument
@click.option("--source", help="Only of this source.")
@click.option(
    "--since", default="7d", show_default=True, help="24h, 7d, a date or a time in UTC."
)
@limit_option
@json_option
def command(
    words: tuple[str, ...],
    source: str | None,
    since: str,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """List refused requests, newest first: one row per source, reason and path.

    Requests to a wrong URL have the source (unknown). docs/refusals.md explains each reason and what to do.
    """
    now = datetime.now(UTC)
    where = filters.parse(written(words), "refused", now)
    after = filters.moment("since", since, now)
    with opened() as database, database.read() as tx:
        rows = rejections.listed(
            tx, since=after, source=source, limit=limit, where=where
        )
    show_rows(rows, _COLUMNS, as_json=as_json)
