"""The playground: a draft of one mapping file meets a sample. Nothing is sent, stored or written.

Says what `check` finds in the draft, what each of its rules makes of the sample, and what differs from the rules in
force. A value that this sample does not have is told apart from a mistake of the draft.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bridge import mapping
from bridge.greenlets import beside
from bridge.mapping import Ruleset, Trial
from bridge.mapping.findings import to_dict
from bridge.model import Diagnostic, Event, Said
from bridge.services import drafts, samples
from bridge.services.comparing import Difference, decided, differences
from bridge.services.drafts import Draft
from bridge.services.ruleset_versions import FileDiff
from bridge.services.samples import Sample
from bridge.services.trial_json import event_object, plain
from bridge.settings import Settings
from bridge.store import Database

# Codes of a value that is not there, or null: another sample may have it.
_MISSING = ("E301", "E307")
# Bytes that the calls of one event may hold: a page shows them.
_RENDERED = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One event of the sample."""

    event: Event
    trials: tuple[Trial, ...]
    # The look-up that a worker would make first.
    look_up: Trial | None
    passed_over: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """What came out. Without rules, a finding is an error, and nothing was tried."""

    findings: tuple[Diagnostic, ...]
    usable: bool
    tried: tuple[Tried, ...]
    patch: tuple[FileDiff, ...]


def play(
    database: Database,
    active: Ruleset,
    draft: Draft,
    sample: Sample,
    *,
    settings: Settings,
    now: datetime,
) -> Played:
    """Tries the draft, beside the loop. Raises BadDraft."""
    return beside(lambda: _play(database, active, draft, sample, settings, now))


def _play(
    database: Database,
    active: Ruleset,
    draft: Draft,
    sample: Sample,
    settings: Settings,
    now: datetime,
) -> Played:
    given = drafts.texts(active, draft)
    loaded = drafts.build(active, given)
    tried: tuple[Tried, ...] = ()
    if loaded.ruleset is not None:
        # In the same environment, so that only the draft makes a difference.
        before = drafts.build(active, active.texts).ruleset or active
        found = samples.events_of(
            sample,
            loaded.ruleset,
            active,
            database=database,
            folder=settings.mappings,
            environment=settings.environment,
            now=now,
        )
        tried = tuple(
            _try(event, loaded.ruleset, before, settings.environment) for event in found
        )
    return Played(
        findings=loaded.findings,
        usable=loaded.ruleset is not None,
        tried=tried,
        patch=drafts.patch(active, draft),
    )


def _try(event: Event, rules: Ruleset, before: Ruleset, environment: str) -> Tried:
    trials = mapping.try_event(
        event, rules, environment=environment, max_rendered=_RENDERED
    )
    known = event.source in before.sources
    old = (
        mapping.route(event, before, environment=environment, max_rendered=_RENDERED)
        if known
        else ()
    )
    look_up = mapping.look_up(
        event, rules, environment=environment, max_rendered=_RENDERED
    )
    return Tried(
        event=event,
        trials=trials,
        look_up=look_up if event.fetched is None else None,
        passed_over=mapping.passed_over(event, environment),
        differences=differences(decided(old), decided(one.decision for one in trials)),
    )


def missing(trial: Trial) -> bool:
    """Whether a rule failed only because this sample lacks a value."""
    found = trial.decision.diagnostic
    return (
        trial.decision.said is Said.ERROR
        and found is not None
        and found.code in _MISSING
    )


def as_json(played: Played, folder: Path) -> dict[str, Any]:
    """For programs: in the shapes of `check --format json` and `try --json`. `folder` precedes places."""
    return {
        "usable": played.usable,
        "findings": [to_dict(one, str(folder)) for one in played.findings],
        "events": [_event(one, folder) for one in played.tried],
        "patch": [
            {"file": one.file, "kind": one.kind, "lines": list(one.lines)}
            for one in played.patch
        ],
    }


def _event(tried: Tried, folder: Path) -> dict[str, Any]:
    shown: dict[str, Any] = event_object(
        tried.event, tried.trials, folder, tried.passed_over, tried.look_up
    )
    for rule, trial in zip(shown["rules"], tried.trials):
        rule["missing_in_sample"] = missing(trial)
    return {**shown, "differences": [_difference(one) for one in tried.differences]}


def _difference(one: Difference) -> Mapping[str, Any]:
    return {
        "kind": one.kind,
        "rule": one.rule,
        "item": one.item,
        "ticket": one.ticket,
        "reason": one.reason,
        "changes": [
            {
                "name": change.name,
                "before": plain(change.before),
                "after": plain(change.after),
            }
            for change in one.changes
        ],
    }
