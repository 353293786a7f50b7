"""Which ruleset is active: the folder's when it is without errors, else the last good one out of the store.

The very first start with a bad folder is refused with every finding; later starts go on, degraded, because deliveries
must not stop for a half-copied folder.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bridge import mapping
from bridge.errors import MappingError
from bridge.mapping import Ruleset
from bridge.model import Diagnostic
from bridge.store import Database, rulesets


@dataclass(frozen=True, kw_only=True)
class Active:
    """The ruleset in force. `errors` are the folder's; with any, the folder is not what runs."""

    ruleset: Ruleset
    errors: tuple[Diagnostic, ...]

    @property
    def degraded(self) -> bool:
        """Whether the last good ruleset runs in place of the folder's."""
        return bool(self.errors)


def choose(database: Database, folder: Path) -> Active:
    """Reads the folder and activates it, or falls back to the active one. Raises MappingError with the findings."""
    loaded = mapping.load(folder)
    errors = [finding for finding in loaded.findings if finding.severity == "error"]
    if loaded.ruleset is not None:
        errors += mapping.missing_secrets(loaded.ruleset)
    if loaded.ruleset is None or errors:
        return _last_good(database, errors)
    _activate(database, loaded.ruleset)
    return Active(ruleset=loaded.ruleset, errors=())


def _activate(database: Database, ruleset: Ruleset) -> None:
    """Stores the ruleset and makes it the active one, unless it is already."""
    with database.read() as connection:
        active = rulesets.active(connection)
    if active is None or active[0] != ruleset.hash:
        now = datetime.now(UTC)
        database.write(
            lambda connection: rulesets.activate(
                connection, ruleset.hash, ruleset.texts, now
            )
        )


def _last_good(database: Database, errors: list[Diagnostic]) -> Active:
    with database.read() as connection:
        active = rulesets.active(connection)
    kept = mapping.build(active[1]).ruleset if active else None
    if kept is None:
        count = f"{len(errors)} error{'s' * (len(errors) != 1)}"
        raise MappingError(f"the mapping files have {count}:", errors)
    return Active(ruleset=kept, errors=tuple(errors))
