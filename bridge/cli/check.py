"""`bridge check`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from bridge import mapping
from bridge.cli.finding import coloured, concise
from bridge.cli.mappings import chosen, folder_argument
from bridge.cli.screen import say
from bridge.cli.text import count, json_line
from bridge.mapping import Ruleset
from bridge.mapping.findings import github, order, sarif, to_dict
from bridge.model import Diagnostic

_FORMATS: dict[str, Callable[[Sequence[Diagnostic], str], Iterable[str]]] = {
    "full": lambda found, root: (f"{coloured(one, root)}\n" for one in found),
    "concise": lambda found, root: (concise(one, root) for one in found),
    "json": lambda found, root: (json_line(to_dict(one, root)) for one in found),
    "sarif": lambda found, root: [json_line(sarif(found, root))],
    "github": lambda found, root: (github(one, root) for one in found),
}
_SILENT = ("json", "sarif")  # for programs: no narration
_SETTLED = 100  # ms without a change before the watcher reports that it is watching


@dataclass(frozen=True, kw_only=True)
class _Run:
    """The folder to check, and the options."""

    folder: Path
    form: str
    strict: bool
    secrets: bool

    def check(self) -> Ruleset | None:
        """Prints the findings; returns the ruleset if none is an error."""
        loaded = mapping.load(self.folder)
        findings = [*loaded.findings]
        if loaded.ruleset is not None:
            findings += self._around(loaded.ruleset)
        findings.sort(key=order)
        for line in _FORMATS[self.form](findings, str(self.folder)):
            say(line)
        errors = sum(finding.severity == "error" for finding in findings)
        if self.form not in _SILENT:
            rules = len(loaded.ruleset.rules) if loaded.ruleset else None
            said = _summary(len(loaded.texts), rules, errors, len(findings) - errors)
            # The only answer is data, not narration.
            click.echo(said, err=bool(findings))
        return None if errors else loaded.ruleset

    def _around(self, ruleset: Ruleset) -> list[Diagnostic]:
        """Findings that need the environment or the recorded payloads."""
        code: mapping.SecretCode = "A402" if self.secrets else "W402"
        findings = [*mapping.missing_secrets(ruleset, code=code)]
        if self.strict:
            recordings = mapping.read_recordings(ruleset, self.folder)
            findings += mapping.check_recorded(ruleset, recordings)
            self._note(mapping.unheard(ruleset, recordings))
        return findings

    def _note(self, unheard: Mapping[str, Sequence[str]]) -> None:
        if self.form in _SILENT:
            return
        for source, types in unheard.items():
            said = f"note: no rule handles these recorded events of {source}: {', '.join(types)}"
            click.echo(said, err=True)


@click.command("check")
@folder_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMATS)),
    default="full",
    show_default=True,
    help="full: with excerpts; concise: one line each; json: one object per line; sarif: one log; github: annotations.",
)
@click.option(
    "--strict", is_flag=True, help="Also check the rules against the recorded payloads."
)
@click.option(
    "--secrets", is_flag=True, help="Treat a secret that is not set as an error."
)
@click.option("--watch", is_flag=True, help="Check again after each change.")
@click.option(
    "--activate",
    is_flag=True,
    help="If there are no errors, activate these rules wherever `bridge serve --ruleset pinned` runs.",
)
def command(
    folder: Path | None,
    form: str,
    strict: bool,
    secrets: bool,
    watch: bool,
    activate: bool,
) -> None:
    """Find mistakes in the mapping files of FOLDER [BRIDGE_MAPPINGS]; exit code 1 when there are errors."""
    run = _Run(folder=chosen(folder), form=form, strict=strict, secrets=secrets)
    if watch and activate:
        raise click.UsageError("--watch cannot be combined with --activate")
    if watch:
        _watch(run)
        return
    ruleset = run.check()
    if ruleset is None:
        raise SystemExit(1)
    if activate:
        _activate(ruleset)


def _watch(run: _Run) -> None:
    """Checks now and after each change, until Ctrl-C."""
    from watchfiles import watch

    changes = watch(run.folder, yield_on_timeout=True, rust_timeout=_SETTLED)
    try:
        next(
            changes
        )  # Start watching before the first check, so that no save falls between the two.
        run.check()
        click.echo(f"watching {run.folder}: press Ctrl-C to stop", err=True)
        for changed in changes:
            if changed:
                run.check()
    except KeyboardInterrupt:
        return


def _activate(ruleset: Ruleset) -> None:
    from bridge.cli.store import opened
    from bridge.services import rulesets

    with opened(make=True) as database:
        rulesets.activate(database, ruleset)
    click.echo(f"activated ruleset {ruleset.hash[:12]}", err=True)


def _summary(files: int, rules: int | None, errors: int, warnings: int) -> str:
    what = count(files, "file") + (f", {count(rules, 'rule')}" if rules else "")
    if not errors + warnings:
        return f"checked {what}: no findings"
    return f"checked {what}: {count(errors, 'error')}, {count(warnings, 'warning')}"
