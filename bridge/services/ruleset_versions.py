"""The rulesets that were active: when, for which events, and what differs between two of them. Reads only."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.errors import BridgeError
from bridge.greenlets import off_the_loop
from bridge.store import Database, rule_counts

COUNTED = 20_000  # events
# Beyond this, comparing two files would take seconds.
_LINES = 20_000


class UnknownRuleset(BridgeError):
    """A hash that no stored ruleset has, or several have."""

    reason = "unknown_ruleset"
    status = 404
    exit_code = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One ruleset. It is `active` if no other was activated later."""

    hash: str
    activated_at: datetime
    # When the next one was activated; None: it is active.
    until: datetime | None
    # Of the newest COUNTED events: how many were routed with it, and their first and last number.
    events: int
    first_event: int | None
    last_event: int | None

    @property
    def active(self) -> bool:
        """Whether it is in force."""
        return self.until is None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDiff:
    """What differs in one file: `added`, `removed` or `changed`."""

    file: str
    kind: str
    # A unified diff; empty if the file is too large to compare.
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Diff:
    """What differs between two rulesets."""

    before: str
    after: str
    files: tuple[FileDiff, ...]

    @property
    def patch(self) -> str:
        """All files as one patch."""
        return "".join(f"{line}\n" for one in self.files for line in one.lines)


def versions(database: Database, limit: int = 50) -> tuple[Version, ...]:
    """The newest rulesets, the active one first."""
    return off_the_loop(lambda: _versions(database, limit))


def texts(database: Database, name: str) -> tuple[str, Mapping[str, str]]:
    """The hash and the files of the ruleset whose hash begins so, or of the `active` one. Raises UnknownRuleset."""
    if name == "active":
        newest = versions(database, 1)
        name = newest[0].hash if newest else ""
    with database.read() as tx:
        found = rule_counts.named(tx, name) if name else []
    if len(found) != 1:
        said = "several rulesets begin" if found else "no ruleset begins"
        raise UnknownRuleset(
            f"{said} with '{name}': `bridge rules versions` lists them"
        )
    return found[0]["hash"], found[0]["texts"]


def diff(database: Database, before: str, after: str = "") -> Diff:
    """What differs between two rulesets; without `after`, from the first to the active one. Raises UnknownRuleset."""
    old, new = texts(database, before), texts(database, after or "active")
    return off_the_loop(
        lambda: Diff(before=old[0], after=new[0], files=compared(old[1], new[1]))
    )


def compared(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[FileDiff, ...]:
    """The files that differ, by name."""
    return tuple(
        _file(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _file(name: str, before: str | None, after: str | None) -> FileDiff:
    kind = "added" if before is None else "removed" if after is None else "changed"
    old, new = (before or "").splitlines(), (after or "").splitlines()
    lines: Sequence[str] = ()
    if len(old) + len(new) <= _LINES:
        lines = [*_unified(name, old, new)]
    return FileDiff(file=name, kind=kind, lines=tuple(lines))


def _unified(name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    return difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")


def _versions(database: Database, limit: int) -> tuple[Version, ...]:
    with database.read() as tx:
        rows = rule_counts.versions(tx, limit)
        used = rule_counts.used(tx, COUNTED)
    found: list[Version] = []
    until: datetime | None = None
    for row in rows:
        number, first, last = used.get(row["hash"], (0, None, None))
        found.append(
            Version(
                hash=row["hash"],
                activated_at=row["activated_at"],
                until=until,
                events=number,
                first_event=first,
                last_event=last,
            )
        )
        until = row["activated_at"]
    return tuple(found)
