"""`bridge audit`."""

import click

from bridge.cli.store import NUMBER, json_option, limit_option, opened, show_rows
from bridge.store import audit
from bridge.strict import json

_COLUMNS = ("id", "at", "person", "action", "subject", "reason")


@click.command("audit")
@click.option("--person", default="", help="Only what this person did.")
@click.option("--action", default="", help="Only acts of this kind, such as retry.")
@click.option("--before", type=NUMBER, help="Only acts older than this one.")
@limit_option
@json_option
def command(
    person: str, action: str, before: int | None, limit: int, as_json: bool
) -> None:
    """List what people did, newest first: who, when, to what, and why."""
    with opened() as database, database.read() as tx:
        rows = audit.newest(
            tx, limit=limit, person=person, action=action, before=before or 0
        )
    if not as_json:
        rows = [{**row, "subject": json.dumps(row["subject"]).decode()} for row in rows]
    show_rows(rows, _COLUMNS, as_json=as_json)
