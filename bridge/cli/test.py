"""`bridge test`."""

import time
from pathlib import Path

import click

from bridge import mapping
from bridge import settings as environment
from bridge.mapping import CaseResult, Difference, Failure, Ruleset
from bridge.mapping.diagnostics import full
from bridge.mapping.evaluate import shown


@click.command("test")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("-k", "word", default="", help="Only tests whose name contains this.")
@click.option("-x", "first", is_flag=True, help="Stop at the first test that fails.")
def command(folder: Path | None, word: str, first: bool) -> None:
    """Run the tests written in the mapping files of FOLDER [BRIDGE_MAPPINGS]; sends nothing."""
    folder = folder or environment.load().mappings
    ruleset = mapping.load(folder).usable()
    started = time.monotonic()
    failed: list[CaseResult] = []
    count = 0
    for case in ruleset.cases:
        if word.lower() not in case.name.lower():
            continue
        (result,) = mapping.run_cases(ruleset, folder, [case.name])
        count += 1
        click.echo("." if result.passed else "F", nl=False)
        if not result.passed:
            failed.append(result)
            if first:
                break
    click.echo()
    for result in failed:
        _report(result, ruleset, folder)
    _finish(count, len(failed), time.monotonic() - started)


def _report(result: CaseResult, ruleset: Ruleset, folder: Path) -> None:
    click.echo(f"\nFAILED {result.case.name}  ({folder}/{result.case.place})")
    for failure in result.failures:
        click.echo(_failure(failure, ruleset, folder))


def _failure(failure: Failure, ruleset: Ruleset, folder: Path) -> str:
    if failure.difference is None:
        return full(failure.diagnostic, str(folder))
    return _difference(failure.difference, ruleset, folder)


def _difference(found: Difference, ruleset: Ruleset, folder: Path) -> str:
    lines = [
        f"  {found.path}",
        f"    expected {_typed(found.expected)}   at {folder}/{found.place}",
        f"    got      {_typed(found.actual)}",
    ]
    if found.made_by is not None:
        place = found.made_by.formula.node.place
        lines.append(
            f"    made by  {ruleset.line(place).strip()}   at {folder}/{place}"
        )
    return "\n".join(lines)


def _typed(value: object) -> str:
    """A value with its type, since "1" and 1 look alike."""
    if value is mapping.ABSENT:
        return "nothing"
    return f"{shown(value)} ({type(value).__name__})"


def _finish(count: int, failed: int, seconds: float) -> None:
    if count == 0:
        click.echo("no test matched", err=True)
        raise SystemExit(5)
    colour = "red" if failed else "green"
    parts = [f"{failed} failed"] if failed else []
    parts.append(f"{count - failed} passed")
    click.secho(f"{', '.join(parts)} in {seconds:.2f} s", fg=colour)
    if failed:
        raise SystemExit(1)
