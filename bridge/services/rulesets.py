"""Which ruleset is active: the folder's if it has no errors, otherwise the last good one from the store.

The very first start with a bad folder is refused with all findings. Later starts and reloads continue with the last
good ruleset, degraded, because a half-copied folder must not stop deliveries. `follow.py` calls `Rules.look`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge import log, mapping
from bridge.errors import MappingError
from bridge.mapping import Ruleset
from bridge.mapping.findings import concise
from bridge.model import Diagnostic
from bridge.store import Database, rulesets

# Seconds without a change until a folder counts as copied completely.
QUIET = 0.5

_log = log.get("rules")


@dataclass(frozen=True, kw_only=True)
class Active:
    """The active ruleset. `errors` are the folder's; if there are any, the ruleset is not the folder's."""

    ruleset: Ruleset
    errors: tuple[Diagnostic, ...] = ()

    @property
    def degraded(self) -> bool:
        """Whether the last good ruleset is active instead of the folder's."""
        return bool(self.errors)


class Rules:
    """The active ruleset of this process. It is swapped as a whole: whoever called `current()` keeps what it got."""

    def __init__(
        self, database: Database, folder: Path, *, pinned: bool = False
    ) -> None:
        """Raises MappingError with the findings if there is nothing to start with."""
        self._database = database
        self._folder = folder
        self._pinned = pinned
        self._seen: object = self._fingerprint()
        # None: the last change that was seen has been read.
        self._changed_at: float | None = None
        self.active = self._stored() if pinned else self._choose()

    def current(self) -> Ruleset:
        """The active ruleset."""
        return self.active.ruleset

    def look(self, now: float, offload: Callable[[Callable[[], Any]], Any]) -> bool:
        """Takes over what changed since the last look; returns whether another ruleset is active now.

        `now` is in seconds of any steady clock. `offload` runs a slow function off the event loop.
        """
        before = self.active
        if self._pinned:
            self._follow_store(offload)
        elif self._settled(now, offload(self._fingerprint)):
            self._reload(offload)
        return self.active.ruleset is not before.ruleset

    def _settled(self, now: float, seen: object) -> bool:
        """Whether the folder changed, and has been quiet for long enough since."""
        if seen != self._seen:
            self._seen, self._changed_at = seen, now
        return self._changed_at is not None and now - self._changed_at >= QUIET

    def _reload(self, offload: Callable[[Callable[[], Any]], Any]) -> None:
        """Reads the folder. With errors the active ruleset stays; a change meanwhile is read at a later look."""
        ruleset, errors = offload(lambda: read(self._folder))
        if self._fingerprint() != self._seen:
            return
        self._changed_at = None
        if errors:
            # Another process may have read a good version that this one missed.
            kept = offload(self._stored).ruleset
            told, self.active = self.active, Active(ruleset=kept, errors=tuple(errors))
            # A file that was saved again unchanged is not reported again.
            if told.errors != self.active.errors:
                first = concise(errors[0])
                _log.error("ruleset not reloaded", errors=len(errors), first=first)
        elif ruleset.hash == self.active.ruleset.hash:
            if self.active.degraded:
                hash = ruleset.hash[:12]
                _log.info("the folder has no errors any more", ruleset=hash)
            self.active = Active(ruleset=self.active.ruleset)
        else:
            activate(self._database, ruleset)
            self.active = Active(ruleset=ruleset)
            _log.info(
                "ruleset reloaded", ruleset=ruleset.hash[:12], rules=len(ruleset.rules)
            )

    def _follow_store(self, offload: Callable[[Callable[[], Any]], Any]) -> None:
        with self._database.read() as tx:
            hash = rulesets.active_hash(tx)
        if hash != self.active.ruleset.hash:
            self.active = offload(self._stored)
            _log.info("ruleset followed", ruleset=self.active.ruleset.hash[:12])

    def _choose(self) -> Active:
        """The folder's ruleset, or the last good one if the folder has errors."""
        ruleset, errors = read(self._folder)
        if not errors:
            activate(self._database, ruleset)
            return Active(ruleset=ruleset)
        kept = last_good(self._database)
        if kept is None:
            count = f"{len(errors)} error{'s' * (len(errors) != 1)}"
            raise MappingError(f"the mapping files have {count}:", errors)
        return Active(ruleset=kept, errors=tuple(errors))

    def _stored(self) -> Active:
        kept = last_good(self._database)
        if kept is None:
            raise MappingError(
                "no ruleset is pinned yet: run `bridge check --activate`"
            )
        return Active(ruleset=kept)

    def _fingerprint(self) -> object:
        return None if self._pinned else mapping.fingerprint(self._folder)


def read(folder: Path) -> tuple[Any, list[Diagnostic]]:
    """The folder's ruleset and its errors, including unset secrets; the ruleset is None if there are any."""
    loaded = mapping.load(folder)
    errors = [finding for finding in loaded.findings if finding.severity == "error"]
    if loaded.ruleset is not None:
        secrets = mapping.missing_secrets(loaded.ruleset)
        errors += [finding for finding in secrets if finding.severity == "error"]
    return (None if errors else loaded.ruleset), errors


def activate(database: Database, ruleset: Ruleset) -> None:
    """Stores the ruleset and makes it active, unless it already is."""
    with database.read() as tx:
        if rulesets.active_hash(tx) == ruleset.hash:
            return
    now = datetime.now(UTC)
    database.write(lambda tx: rulesets.activate(tx, ruleset.hash, ruleset.texts, now))


def off(database: Database) -> list[str]:
    """The rules of the active ruleset in mode off, which send nothing; empty before the first ruleset."""
    active = last_good(database)
    return [rule.id for rule in active.rules if rule.mode == "off"] if active else []


def configured(database: Database, source: str) -> bool:
    """Whether the active ruleset has a source, so that a worker routes its events."""
    active = last_good(database)
    return active is not None and source in active.sources


def last_good(database: Database) -> Ruleset | None:
    """The active ruleset in the store; None before the first, or if this release cannot read it."""
    with database.read() as tx:
        texts = rulesets.active_texts(tx)
    return mapping.build(texts).ruleset if texts is not None else None
