"""What a draft of the rules would have changed over stored events: new, lost and changed updates, and errors.

Reads events in order of receipt, a few at a time, asks the draft about each, and compares with what was made of it then
(its deliveries), or with what the current rules make of it. Never writes and never sends. An answer to a look-up that
was stored is used again; an event whose look-up has no stored answer is left out and counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.mapping import Ruleset
from bridge.model import Decided
from bridge.services import contents
from bridge.services.comparing import (
    Change,
    Difference,
    Side,
    decided,
    differences,
    stored,
)
from bridge.settings import MAX_RENDERED
from bridge.store import Database, backtested
from bridge.store.backtested import Window
from bridge.store.events import StoredEvent
from bridge.store.filtering import Filter
from bridge.strict import json
from bridge.worker.asking import Asker

BATCH = 50  # events that are in memory at a time
EXAMPLES = 5  # of each kind and rule
_LONGEST = 200  # characters of a value in an example

# Why an event is left out.
GONE = "payload deleted"
UNANSWERED = "look-up without a stored answer"
UNROUTED = "not routed yet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One difference, with the event behind it. Long values are cut."""

    event: int
    difference: Difference


@dataclass(kw_only=True)
class RuleTally:
    """What differs for one rule."""

    counts: Counter[str] = field(default_factory=Counter)
    # Field → how many changed updates have another value in it.
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    def add(self, event: int, one: Difference) -> None:
        """Counts a difference, and keeps it as an example if there are few of its kind."""
        self.counts[one.kind] += 1
        if one.kind == "changed":
            self.fields.update(change.name for change in one.changes)
        kept = self.examples.setdefault(one.kind, [])
        if len(kept) < EXAMPLES:
            kept.append(Example(event=event, difference=_cut(one)))


@dataclass(kw_only=True)
class Report:
    """The result so far."""

    draft: str  # hash of the ruleset
    against: str  # hash of the ruleset that it is compared with; "": what was made then
    window: Window
    sampled: bool
    looked_at: int = 0
    compared: int = 0
    same: int = 0  # events without a difference
    repeated_answers: int = 0  # events whose stored look-up answer was used again
    left_out: Counter[str] = field(default_factory=Counter)
    rules: dict[str, RuleTally] = field(default_factory=dict)
    complete: bool = False

    @property
    def totals(self) -> Counter[str]:
        """How many updates differ, by kind."""
        return sum((one.counts for one in self.rules.values()), Counter())


class Backtest:
    """One run. `run` yields after every batch, so that a caller can show progress or stop."""

    def __init__(
        self,
        database: Database,
        draft: Ruleset,
        where: Filter,
        *,
        current: Ruleset | None = None,
        sample: int | None = None,
        environment: str = "",
        max_rendered: int = MAX_RENDERED,
    ) -> None:
        """Compares with what `current` makes of the events; without it, with what was made of them then."""
        self._database, self._where = database, where
        self._draft, self._current = draft, current
        # One for each: an asker keeps the last body that it read for one ruleset.
        self._asks = Asker(environment, max_rendered)
        self._asks_current = Asker(environment, max_rendered)
        with database.read() as tx:
            window = backtested.window(tx, where)
        self._share = backtested.share(window.count, sample)
        self.report = Report(
            draft=draft.hash,
            against=current.hash if current else "",
            window=window,
            sampled=self._share is not None,
        )

    def run(self) -> Iterator[Report]:
        """Goes through the events; the report grows in place."""
        last = 0
        while batch := self._next(last):
            last = batch[-1].id
            self._compare(batch)
            yield self.report
        self.report.complete = True
        yield self.report

    def _next(self, last: int) -> Sequence[StoredEvent]:
        with self._database.read() as tx:
            return backtested.after(
                tx,
                self._where,
                after=last,
                through=self.report.window.through,
                share=self._share,
                limit=BATCH,
            )

    def _compare(self, batch: Sequence[StoredEvent]) -> None:
        with self._database.read() as tx:
            ids = contents.keeps(tx, "events", self._where, [one.id for one in batch])
            routed = backtested.routed(tx, ids)
            made = backtested.made(tx, ids)
        for event in (one for one in batch if one.id in ids):
            self.report.looked_at += 1
            reason = self._compare_one(event, event.id in routed, made)
            if reason:
                self.report.left_out[reason] += 1

    def _compare_one(
        self,
        event: StoredEvent,
        routed: bool,
        made: Mapping[int, Sequence[Mapping[str, Any]]],
    ) -> str:
        """Compares one event; returns why it was left out, "" if it was not."""
        if event.pruned:
            return GONE
        if self._current is None and not routed:
            return UNROUTED
        after = _side(self._asks, self._draft, event)
        before: Side | None
        if self._current is None:
            before = stored(made.get(event.id, ()))
        else:
            before = _side(self._asks_current, self._current, event)
        if after is None or before is None:
            return UNANSWERED
        self._count(event, differences(before, after))
        return ""

    def _count(self, event: StoredEvent, found: Sequence[Difference]) -> None:
        self.report.compared += 1
        self.report.same += not found
        self.report.repeated_answers += event.fetched is not None
        for one in found:
            self.report.rules.setdefault(one.rule, RuleTally()).add(event.id, one)


def _side(asker: Asker, rules: Ruleset, event: StoredEvent) -> Side | None:
    """What a ruleset makes of an event; None if it needs a look-up that has no stored answer."""
    if event.source not in rules.sources:
        return Side(failed={})
    answer: Decided = asker.ask(rules, event)
    return None if answer.look_up else decided(answer.decisions)


def _cut(one: Difference) -> Difference:
    changes = tuple(
        Change(
            name=change.name,
            before=_short(change.before),
            after=_short(change.after),
        )
        for change in one.changes
    )
    return Difference(
        kind=one.kind,
        rule=one.rule,
        item=one.item[:_LONGEST],
        ticket=one.ticket[:_LONGEST],
        changes=changes,
        reason=one.reason,
    )


def _short(value: object) -> object:
    """A value that is kept: long texts and nested values as their beginning."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    if isinstance(value, (dict, list)):
        text = json.dumps(value).decode()
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return value
