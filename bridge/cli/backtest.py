"""`bridge backtest [FOLDER] [FILTER…]`."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from bridge import settings as environment
from bridge.cli import filters
from bridge.cli.mappings import chosen, usable
from bridge.cli.screen import say
from bridge.cli.store import nothing, opened
from bridge.cli.text import json_line, printable
from bridge.mapping import Ruleset
from bridge.services import backtest_report
from bridge.services.backtest import Backtest, Report
from bridge.services.backtest_report import Result
from bridge.services.rulesets import last_good
from bridge.store import Database

_FORMATS: dict[str, Callable[[Result], Iterable[str]]] = {
    "full": lambda found: map(printable, backtest_report.lines(found)),
    "json": lambda found: [json_line(found)],
    "markdown": lambda found: map(printable, backtest_report.markdown(found)),
}


@click.command("backtest", cls=filters.Filtered)
@click.argument("words", nargs=-1, metavar="[FOLDER] [FILTER]...")
@click.option(
    "--since",
    default="7d",
    show_default=True,
    help="Only events since then: 24h, 7d or a date.",
)
@click.option(
    "--against",
    type=click.Choice(("stored", "current")),
    default="stored",
    show_default=True,
    help="Compare with the deliveries of then, or with what the current rules make of the events.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Look at about N events, spread over all.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMATS)),
    default="full",
    show_default=True,
    help="full: for people; json: one object; markdown: for a pull request.",
)
@click.option("--fail-on-change", is_flag=True, help="Exit code 1 if anything differs.")
def command(
    words: tuple[str, ...],
    since: str,
    against: str,
    sample: int | None,
    form: str,
    *,
    fail_on_change: bool,
) -> None:
    """Show what the rules of FOLDER [BRIDGE_MAPPINGS] would have changed over stored events. Sends nothing."""
    settings = environment.load()
    folder, words = _folder(words)
    draft = usable(folder)
    where = (*filters.read((*words, f"since:{since}"), "events"),)
    with opened() as database:
        backtest = Backtest(
            database,
            draft,
            where,
            current=_current(database) if against == "current" else None,
            sample=sample,
            environment=settings.environment,
            max_rendered=settings.max_rendered,
        )
        if not backtest.report.window.count:
            nothing("nothing matched")
        report = _ran(backtest)
    places = {rule.id: f"{folder}/{rule.place}" for rule in draft.rules}
    found = backtest_report.result(report, places)
    for line in _FORMATS[form](found):
        say(line)
    if not report.complete:
        raise SystemExit(130)
    if fail_on_change and backtest_report.changed(found):
        raise SystemExit(1)


def _folder(words: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
    """The folder, if the first word is one, and the words of the filter."""
    if words and ":" not in words[0]:
        return chosen(Path(words[0])), words[1:]
    return chosen(None), words


def _current(database: Database) -> Ruleset:
    return last_good(database) or nothing("no ruleset is active yet")


def _ran(backtest: Backtest) -> Report:
    """Runs it to the end, or until Ctrl-C; the result so far is shown all the same."""
    total, shows = backtest.report.window.count, sys.stderr.isatty()
    try:
        for report in backtest.run():
            if shows:
                click.echo(f"\r{report.looked_at:,} of {total:,}", err=True, nl=False)
    except KeyboardInterrupt:
        click.echo("interrupted: this is the result so far", err=True)
    if shows:
        click.echo("\r\033[K", err=True, nl=False)
    return backtest.report
