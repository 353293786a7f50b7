"""`bridge check`."""

from collections.abc import Callable
from pathlib import Path

import click

from bridge import mapping
from bridge import settings as environment
from bridge.mapping.diagnostics import concise, full, to_dict
from bridge.model import Diagnostic
from bridge.strict import json

_FORMATS: dict[str, Callable[[Diagnostic, str], str]] = {
    "full": lambda found, root: full(found, root) + "\n",
    "concise": concise,
    "json": lambda found, root: json.dumps(to_dict(found, root)).decode(),
}


@click.command("check")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(list(_FORMATS)), default="full")
@click.option("--secrets", is_flag=True, help="A secret that is not set is an error.")
def command(folder: Path | None, form: str, secrets: bool) -> None:
    """Find mistakes in the mapping files of FOLDER [BRIDGE_MAPPINGS]; exit code 1 when there are errors."""
    folder = folder or environment.load().mappings
    loaded = mapping.load(folder)
    found = [*loaded.findings]
    if loaded.ruleset is not None:
        found += mapping.missing_secrets(
            loaded.ruleset, code="A402" if secrets else "W402"
        )
    for finding in found:
        click.echo(_FORMATS[form](finding, str(folder)))
    errors = sum(finding.severity == "error" for finding in found)
    if form != "json":
        files = len(loaded.texts)
        rules = len(loaded.ruleset.rules) if loaded.ruleset else 0
        click.echo(_summary(files, rules, errors, len(found) - errors), err=True)
    if errors:
        raise SystemExit(1)


def _summary(files: int, rules: int, errors: int, warnings: int) -> str:
    what = _count(files, "file") + (f", {_count(rules, 'rule')}" if not errors else "")
    return f"checked {what}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
