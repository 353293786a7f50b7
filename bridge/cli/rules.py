"""`bridge rules list | show | versions | diff`."""

from datetime import UTC, datetime

import click

from bridge import settings as environment
from bridge.cli.screen import painted, say
from bridge.cli.store import json_option, limit_option, nothing, opened, show_rows
from bridge.cli.text import json_row, printable
from bridge.mapping import Ruleset
from bridge.services import rule_rows, rule_views, ruleset_versions
from bridge.services.rulesets import last_good
from bridge.store import Database

_COLUMNS = ("id", "place", "source", "target", "hits", "errors", "last_hit", "tests")
_VERSIONS = ("hash", "activated_at", "until", "events", "first_event", "last_event")


@click.group("rules")
def command() -> None:
    """Show the rules in force, and those of earlier days."""


@command.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the rules in force: where each stands, what it does, and what it said in the last 7 days."""
    with opened() as database:
        found = rule_views.listed(database, _active(database), now=datetime.now(UTC))
    rows = [rule_rows.rule(one) for one in found.rules]
    show_rows(rows, _COLUMNS, as_json=as_json)
    click.echo(found.note, err=True)


@command.command("show")
@click.argument("rule")
@json_option
def show(rule: str, *, as_json: bool) -> None:
    """Show one rule in force: its text, its tests and its counts."""
    with opened() as database:
        found = rule_views.detail(
            database, _active(database), rule, now=datetime.now(UTC)
        )
    row = rule_rows.detail(found)
    if as_json:
        click.echo(json_row(row))
        return
    for name in (*_COLUMNS, "skipped", "no_match", "mode", "connection"):
        say(f"{name:12}{printable(row[name])}")
    for name, place in found.tests:
        say(f"{'test':12}{printable(name)}  ({printable(place)})")
    click.echo()
    for number, line in enumerate(found.text.split("\n"), found.first_line):
        say(f"{number:>5}  {printable(line)}")
    click.echo(found.note, err=True)


@command.command("versions")
@limit_option
@json_option
def versions(limit: int, *, as_json: bool) -> None:
    """List rulesets, the active one first: since when and until when, and how many of the newest events met them."""
    with opened() as database:
        found = ruleset_versions.versions(database, limit)
    rows = [rule_rows.version(one) for one in found]
    if not as_json:
        rows = [{**row, "hash": row["hash"][:12]} for row in rows]
    show_rows(rows, _VERSIONS, as_json=as_json)


@command.command("diff")
@click.argument("before")
@click.argument("after", required=False, default="")
def diff(before: str, after: str) -> None:
    """Show what differs between two rulesets, by the beginning of their hashes; without AFTER, up to the active one."""
    with opened() as database:
        found = ruleset_versions.diff(database, before, after)
    for line in found.patch.splitlines():
        meaning = {"+": "ok", "-": "error"}.get(line[:1], "")
        say(painted(printable(line), meaning))
    for one in found.files:
        if not one.lines:
            click.echo(f"{one.file} {one.kind}: too large to compare here", err=True)


def _active(database: Database) -> Ruleset:
    environment.load()
    return last_good(database) or nothing("no ruleset is active yet")
