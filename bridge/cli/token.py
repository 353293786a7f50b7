"""`bridge token add | list | rotate | revoke`."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click

from bridge.cli.steering import me, reason_option
from bridge.cli.store import json_option, nothing, opened, show_rows
from bridge.cli.text import count, json_row, printable
from bridge.services import tokens
from bridge.services.people import SCOPES

_COLUMNS = (
    "name",
    "prefix",
    "owner",
    "scopes",
    "state",
    "expires_at",
    "used_at",
)
name_argument = click.argument("name", metavar="NAME")


@click.group("token")
def command() -> None:
    """Manage the tokens of programs that use the API."""


@command.command("add")
@name_argument
@click.option(
    "--user", required=True, metavar="NAME", help="The account it belongs to."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([*SCOPES]),
    help="What it may do. May be repeated.",
)
@click.option(
    "--days",
    default=tokens.LIFE.days,
    show_default=True,
    type=click.IntRange(1, tokens.LONGEST.days),
    help="How long it is valid.",
)
@reason_option
@json_option
def add(
    name: str,
    user: str,
    scopes: tuple[str, ...],
    days: int,
    *,
    reason: str,
    as_json: bool,
) -> None:
    """Make a token and print it once. It may never do more than its account."""
    with opened() as database:
        made = tokens.add(
            database,
            name,
            user,
            scopes,
            me(reason),
            life=timedelta(days=days),
            now=_now(),
        )
    _tell(made, as_json=as_json)


@command.command("list")
@click.option("--user", metavar="NAME", help="Only of this account.")
@json_option
def list_(user: str | None, as_json: bool) -> None:
    """List the tokens: by whom, for what, until when, and when they were last used."""
    with opened() as database:
        rows = tokens.listed(database, owner=user, now=_now())
    if not rows:
        nothing("there is no token")
    if not as_json:
        rows = [{**row, "scopes": " ".join(row["scopes"])} for row in rows]
    show_rows(rows, _COLUMNS, as_json=as_json)


@command.command("rotate")
@name_argument
@click.option(
    "--hours",
    default=int(tokens.OVERLAP.total_seconds() // 3600),
    show_default=True,
    type=click.IntRange(0, 24 * 365),
    help="How long the old token stays valid.",
)
@reason_option
@json_option
def rotate(name: str, hours: int, *, reason: str, as_json: bool) -> None:
    """Make the next token of this name and print it once. The old one stays valid for a while."""
    with opened() as database:
        made = tokens.rotate(
            database, name, me(reason), overlap=timedelta(hours=hours), now=_now()
        )
    _tell(made, as_json=as_json)


@command.command("revoke")
@name_argument
@reason_option
def revoke(name: str, reason: str) -> None:
    """End the tokens of this name at once."""
    with opened() as database:
        ended = tokens.revoke(database, name, me(reason), now=_now())
    click.echo(f"{count(ended, 'token')} revoked", err=True)


def _tell(made: tokens.Made, *, as_json: bool) -> None:
    if as_json:
        click.echo(json_row(asdict(made)))
        return
    until = printable(made.expires_at)
    click.echo(f"token {made.name}, valid until {until}, shown only now:", err=True)
    click.echo(made.token)


def _now() -> datetime:
    return datetime.now(UTC)
