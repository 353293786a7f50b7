"""`bridge test`."""

import time
from pathlib import Path

import click

from bridge import mapping
from bridge.cli.mappings import chosen, folder_argument, usable
from bridge.cli.text import at, printable
from bridge.mapping import CaseResult, Difference, Failure
from bridge.mapping.diagnostics import full
from bridge.services.trial import typed, written


@click.command("test")
@folder_argument
@click.option("-k", "word", default="", help="Only tests whose name contains this.")
@click.option("-x", "first", is_flag=True, help="Stop at the first test that fails.")
def command(folder: Path | None, word: str, first: bool) -> None:
    """Run the tests written in the mapping files of FOLDER [BRIDGE_MAPPINGS]; sends nothing."""
    folder = chosen(folder)
    ruleset = usable(folder)
    names = [case.name for case in ruleset.cases if word.lower() in case.name.lower()]
    if not names:
        said = f"no test has '{word}' in its name" if word else "there are no tests"
        click.echo(f"{said} in {folder}", err=True)
        raise SystemExit(5)
    started = time.monotonic()
    done: list[CaseResult] = []
    for name in names:
        done += mapping.run_cases(ruleset, folder, [name])
        click.echo("." if done[-1].passed else "F", nl=False)
        if first and not done[-1].passed:
            break
    click.echo()
    _finish(done, folder, time.monotonic() - started)


def _finish(done: list[CaseResult], folder: Path, seconds: float) -> None:
    failed = [result for result in done if not result.passed]
    for result in failed:
        place = at(folder, result.case.place)
        click.echo(f"\nFAILED {result.case.name}  ({place})")
        for failure in result.failures:
            click.echo(_failure(failure, folder))
    if failed:
        click.echo()
    parts = [f"{len(failed)} failed"] if failed else []
    parts.append(f"{len(done) - len(failed)} passed")
    colour = "red" if failed else "green"
    click.secho(f"{', '.join(parts)} in {seconds:.2f} s", fg=colour)
    if failed:
        raise SystemExit(1)


def _failure(failure: Failure, folder: Path) -> str:
    if failure.difference is not None:
        return _difference(failure.difference, folder)
    said = full(failure.diagnostic, str(folder))
    return f"{said}\n{_reason(failure.reason, folder)}" if failure.reason else said


def _reason(reason: str, folder: Path) -> str:
    """Why the rule said what it said; the reason ends with the place that decided."""
    why, _, place = reason.removesuffix(")").rpartition(" (")
    return f"  = why: {printable(why)}  ({at(folder, place)})"


def _difference(found: Difference, folder: Path) -> str:
    lines = [
        f"  {printable(found.path)}",
        f"    expected {_value(found.expected)}   at {at(folder, found.place)}",
        f"    got      {_value(found.actual)}",
    ]
    if found.made_by is not None:
        formula = found.made_by.formula
        lines.append(
            f"    made by  {written(formula)}   at {at(folder, formula.node.place)}"
        )
    return "\n".join(lines)


def _value(value: object) -> str:
    """With its type, since "1" and 1 look alike."""
    return "nothing" if value is mapping.ABSENT else typed(value)
