"""`bridge import SOURCE FILE`."""

import click

from bridge import settings as environment
from bridge.cli import steering
from bridge.cli.store import json_option, nothing, opened
from bridge.cli.text import count, json_line, printable
from bridge.did_you_mean import did_you_mean
from bridge.mapping import Ruleset, Source
from bridge.services import importing
from bridge.services.rulesets import Rules
from bridge.store.imports import Imported

# One mistake repeated on every line must not push everything else off the screen.
_LISTED = 20


@click.command("import")
@click.argument("source")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--with-headers",
    "enveloped",
    is_flag=True,
    help='Each line is {"headers": {…}, "body": …}.',
)
@click.option(
    "--dry-run", is_flag=True, help="Report what would be new; store nothing."
)
@steering.reason_option
@json_option
def command(
    source: str,
    file: str,
    enveloped: bool,
    dry_run: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Import events that a sender exported. FILE has one JSON request body per line; - is stdin.

    There are no signatures to check, so you vouch for the events. Events received before are recognised. A bad line
    does not block the rest; exit code 1 if there is any. The first 20 bad lines are listed, all of them with --json.
    """
    settings = environment.load()
    wrong: list[int] = []

    def tell(number: int, problem: str) -> None:
        wrong.append(number)
        if as_json:
            click.echo(json_line({"line": number, "message": problem}))
        elif len(wrong) <= _LISTED:
            click.echo(f"line {number}: {printable(problem)}", err=True)

    with opened() as database:
        rules = Rules(database, settings.mappings, pinned=True).current()
        known = _known(rules, source)
        importer = importing.Importer(
            database=database,
            source=known,
            by=steering.me(reason),
            min_free=settings.min_free,
            enveloped=enveloped,
        )
        run = importer.look if dry_run else importer.take
        with click.open_file(file, "rb") as stream:
            limit = known.allow.max_body or settings.max_body
            done = run(importing.lines(stream, limit), tell)
    if len(wrong) > _LISTED and not as_json:
        click.echo(f"and {len(wrong) - _LISTED} more", err=True)
    if done == Imported() and not wrong:
        nothing(f"{file} contains no events")
    click.echo(_said(done, len(wrong), dry_run=dry_run, as_json=as_json))
    if wrong:
        raise SystemExit(1)


def _known(rules: Ruleset, name: str) -> Source:
    source = rules.sources.get(name)
    if source is None:
        hint = did_you_mean(name, rules.sources) or ", ".join(rules.sources)
        nothing(f"the active rules have no source '{name}': {hint}")
    return source


def _said(done: Imported, wrong: int, *, dry_run: bool, as_json: bool) -> str:
    if as_json:
        counts = {"new": done.new, "known": done.known, "conflicts": done.conflicts}
        return json_line({**counts, "refused": wrong, "dry_run": dry_run})
    parts = [f"{done.new} {'would be new' if dry_run else 'new'}"]
    parts.append(f"{done.known} already received")
    if done.conflicts:
        parts.append(f"{done.conflicts} of those with a different body")
    if wrong:
        parts.append(count(wrong, "bad line"))
    return ", ".join(parts)
