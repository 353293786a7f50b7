"""The mapping files with their findings, line by line. Reads the folder only if its rules could not be taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge import mapping
from bridge.greenlets import off_the_loop
from bridge.mapping.findings import order
from bridge.model import Diagnostic
from bridge.services.drafts import build
from bridge.services.rulesets import Active


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """The texts by name, and what `check` says about them."""

    texts: Mapping[str, str]
    findings: Sequence[Diagnostic]
    # Whether these are the folder's, which are not in force because of their errors.
    refused: bool

    def of(self, name: str) -> Mapping[int, Sequence[Diagnostic]]:
        """The findings of one file, by line; those without a place are under 0."""
        found: dict[int, list[Diagnostic]] = {}
        for one in self.findings:
            if one.place is None or one.place.file == name:
                line = one.place.line if one.place else 0
                found.setdefault(line, []).append(one)
        return found

    def counts(self, name: str) -> tuple[int, int]:
        """How many errors and warnings a file has."""
        mine = [one for one in self.findings if one.place and one.place.file == name]
        errors = sum(one.severity == "error" for one in mine)
        return errors, len(mine) - errors


def files(active: Active, folder: Path) -> Files:
    """The files in force; if the folder has errors, the folder's files with those."""
    return off_the_loop(lambda: _files(active, folder))


def _files(active: Active, folder: Path) -> Files:
    if active.errors:
        loaded = mapping.load(folder)
        found = {str(one): one for one in (*active.errors, *loaded.findings)}
        return Files(
            texts=loaded.texts,
            findings=sorted(found.values(), key=order),
            refused=True,
        )
    return _in_force(active)


# Of the ruleset that was asked for last, because building it takes long.
_kept: dict[str, Files] = {}


def _in_force(active: Active) -> Files:
    hash, texts = active.ruleset.hash, active.ruleset.texts
    kept = _kept.get(hash)
    if kept is None:
        found = build(active.ruleset, texts).findings
        kept = Files(texts=texts, findings=found, refused=False)
        _kept.clear()
        _kept[hash] = kept
    return kept
