"""A list of the store on the terminal: what `finding` gives, page by page; its notes go to stderr."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from bridge.cli import filters
from bridge.cli.store import opened, show_rows, tell
from bridge.services import finding
from bridge.store.filtering import Kind

_PAGE = 500

cursor_option = click.option(
    "--cursor", default="", metavar="TEXT", help="Continue where a list ended."
)


def show(
    kind: Kind,
    words: tuple[str, ...],
    columns: Sequence[str],
    *,
    limit: int,
    cursor: str,
    as_json: bool,
    **options: str | int | None,
) -> None:
    """Prints the rows of a filter, newest first; says on stderr how to get the next ones."""
    text, now, note = filters.text(words, **options), datetime.now(UTC), ""
    rows: list[Mapping[str, Any]] = []
    with opened() as database:
        while len(rows) < limit:
            page = min(_PAGE, limit - len(rows))
            found = finding.find(
                database, kind, text, cursor=cursor, limit=page, now=now
            )
            rows += found.rows
            cursor, note = found.next, found.note
            if not cursor or not found.complete:
                break
    if note:
        tell(note)
    if cursor:
        tell(f"there may be more: --cursor {cursor}")
    show_rows(rows, columns, as_json=as_json)
