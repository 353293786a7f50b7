"""`bridge test`."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from bridge import mapping
from bridge.cli import case_report, last_failed
from bridge.cli.case_report import Ran
from bridge.cli.mappings import chosen, folder_argument, usable
from bridge.cli.screen import painted, say
from bridge.cli.text import at, printable
from bridge.mapping import RuleCoverage, Ruleset


@dataclass(frozen=True, kw_only=True)
class _Run:
    """Runs tests and reports them."""

    folder: Path
    ruleset: Ruleset
    # Stop at the first test that fails.
    first: bool

    def names(self, word: str) -> list[str]:
        """The tests with the word in their names; ends the command if there are none."""
        cases = self.ruleset.cases
        matching = [case.name for case in cases if word.lower() in case.name.lower()]
        if not matching:
            said = f"no test has '{word}' in its name" if word else "there are no tests"
            click.echo(f"{said} in {self.folder}", err=True)
            raise SystemExit(5)
        return matching

    def run(self, names: Collection[str]) -> list[Ran]:
        """Runs the tests with these names; prints dots, the failures, and one line of totals."""
        started = time.monotonic()
        ran = [*self.dotted(names)]
        click.echo()
        failed = [one for one in ran if not one.result.passed]
        for one in failed:
            case = one.result.case
            said = printable(f"{case.name}  ({at(self.folder, case.place)})")
            say(f"\n{painted('FAILED', 'error')} {said}")
            for line in case_report.failed_lines(one.result, self.folder):
                say(line)
        if failed:
            click.echo()
        parts = [f"{len(failed)} failed"] if failed else []
        parts.append(f"{len(ran) - len(failed)} passed")
        meaning = "error" if failed else "ok"
        seconds = time.monotonic() - started
        say(painted(f"{', '.join(parts)} in {seconds:.2f} s", meaning))
        self.remember(ran)
        return ran

    def dotted(self, names: Collection[str]) -> Iterator[Ran]:
        """Runs the tests one by one, printing a dot or an F for each."""
        before = time.monotonic()
        for result in mapping.run_cases(self.ruleset, self.folder, names):
            now = time.monotonic()
            yield Ran(result=result, seconds=now - before)
            before = now
            click.echo("." if result.passed else "F", nl=False)
            if self.first and not result.passed:
                break

    def remember(self, ran: list[Ran]) -> None:
        """For --lf."""
        last_failed.remember(
            self.folder,
            passed=[one.result.case.name for one in ran if one.result.passed],
            failed=[one.result.case.name for one in ran if not one.result.passed],
        )


@click.command("test")
@folder_argument
@click.option("-k", "word", default="", help="Only tests whose name contains this.")
@click.option("-x", "first", is_flag=True, help="Stop at the first test that fails.")
@click.option(
    "--lf", "again", is_flag=True, help="Only tests that failed in their last run."
)
@click.option(
    "--update",
    is_flag=True,
    help="Update the expected values of failing tests, after showing the diff.",
)
@click.option("--yes", is_flag=True, help="With --update: write without asking.")
@click.option(
    "--coverage", is_flag=True, help="Also show what each rule decided in the tests."
)
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the results as JUnit XML.",
)
def command(
    folder: Path | None,
    word: str,
    first: bool,
    again: bool,
    update: bool,
    yes: bool,
    coverage: bool,
    junit: Path | None,
) -> None:
    """Run the tests in the mapping files of FOLDER [BRIDGE_MAPPINGS]; sends nothing.

    Exit code 1 if a test fails, 3 if the files have errors, 5 if no test was selected.
    """
    if yes and not update:
        raise click.UsageError("--yes needs --update")
    folder = chosen(folder)
    run = _Run(folder=folder, ruleset=usable(folder), first=first)
    names = run.names(word)
    if again:
        names = _failed_before(folder, names)
    ran = run.run(names)
    if update:
        run, ran = _updated(run, ran, confirmed=yes)
    if junit:
        _write_junit(junit, ran, folder)
    if coverage:
        _show_coverage(run, ran)
    if not all(one.result.passed for one in ran):
        raise SystemExit(1)
    if not coverage and len(ran) == len(run.ruleset.cases):
        _note_unmatched(run, ran)


def _failed_before(folder: Path, names: list[str]) -> list[str]:
    """The tests that failed in their last run; all of them if none did."""
    remembered = last_failed.recall(folder)
    failed = [name for name in names if name in remembered]
    if not failed:
        click.echo("no previous failures: running all tests", err=True)
    return failed or names


def _updated(run: _Run, ran: list[Ran], *, confirmed: bool) -> tuple[_Run, list[Ran]]:
    """Updates the failed tests, then reads and runs them again."""
    from bridge.cli import case_update

    failed = [one.result for one in ran if not one.result.passed]
    if not case_update.update(run.ruleset, run.folder, failed, confirmed=confirmed):
        return run, ran
    again = _Run(folder=run.folder, ruleset=usable(run.folder), first=False)
    return again, again.run([one.result.case.name for one in ran])


def _write_junit(path: Path, ran: list[Ran], folder: Path) -> None:
    from bridge.cli import junit

    junit.write(path, ran, folder)


def _covered(run: _Run, ran: list[Ran]) -> tuple[RuleCoverage, ...]:
    return mapping.cover(run.ruleset, (one.result for one in ran))


def _show_coverage(run: _Run, ran: list[Ran]) -> None:
    click.echo()
    for line in case_report.coverage_table(_covered(run, ran)):
        click.echo(line)


def _note_unmatched(run: _Run, ran: list[Ran]) -> None:
    """One line about rules that no test matches; only a complete run that passed can tell."""
    said = case_report.never_matched(_covered(run, ran))
    if said:
        click.echo(f"{said}; --coverage shows every rule", err=True)
