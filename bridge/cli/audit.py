"""`bridge audit`."""

import click

from bridge.cli.store import json_option, limit_option, opened, show_rows
from bridge.store import audit
from bridge.strict import json

_COLUMNS = ("at", "person", "action", "subject", "reason")


@click.command("audit")
@limit_option
@json_option
def command(limit: int, as_json: bool) -> None:
    """List what people did, newest first: who, when, to what, and why."""
    with opened() as database, database.read() as tx:
        rows = audit.newest(tx, limit=limit)
    if not as_json:
        rows = [{**row, "subject": json.dumps(row["subject"]).decode()} for row in rows]
    show_rows(rows, _COLUMNS, as_json=as_json)
