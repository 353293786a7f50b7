"""Why an event led to what it led to: what each rule said when it was routed, and what the current rules would say.

What was said is stored and is shown as it was stored. The values behind it are found by asking the rules of then again,
and are shown only if they lead to the same words. Reads only; sends nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge import mapping
from bridge.errors import Refused
from bridge.mapping import Ruleset, Trial
from bridge.model import Said
from bridge.services import built, story
from bridge.services.trace_lines import line_of, placed, text_at
from bridge.services.trace_values import Line, Trace, hidden
from bridge.settings import Settings
from bridge.state import EventState
from bridge.store import Database, events, views
from bridge.store.events import StoredEvent
from bridge.worker.asking import Asker


def trace(
    database: Database,
    id: int,
    *,
    active: Ruleset | None,
    settings: Settings,
    now: datetime,
    revealed: bool = False,
) -> Trace | None:
    """The trace of the event with this number; None if there is none. Personal data is hidden unless `revealed`."""
    with database.read() as tx:
        event = views.event(tx, id)
        stored = events.load(tx, id)
        decisions = views.decisions_of(tx, id)
    if event is None or stored is None:
        return None
    deliveries = story.of_event(database, id, now)
    asking = _Asking(database, stored, settings, active)
    then = asking.then(decisions, event["ruleset"], deliveries)
    routed = event["state"] == EventState.ROUTED
    instead = asking.by(active) if routed and active else ()
    then, instead = _compared(then, instead)
    more = {"live": stored.live, "payload_deleted": stored.pruned}
    found = Trace(
        event={**event, **more, "fetched": stored.fetched is not None},
        summary=story.summary(event, decisions, deliveries),
        notes=(*story.notes(event, stored, settings, deliveries),),
        then=then,
        now=instead,
        deliveries=deliveries,
    )
    return found if revealed else hidden(found)


class _Asking:
    """Asks rulesets about one stored event; its request is read once."""

    def __init__(
        self,
        database: Database,
        stored: StoredEvent,
        settings: Settings,
        active: Ruleset | None,
    ) -> None:
        self._database, self._stored, self._active = database, stored, active
        self._folder, self._environment = settings.mappings, settings.environment
        self._most = settings.max_rendered
        self._asker = Asker(settings.environment, settings.max_rendered)

    def then(
        self,
        said: Sequence[Mapping[str, Any]],
        hash: str | None,
        deliveries: Sequence[Mapping[str, Any]],
    ) -> tuple[Line, ...]:
        """The stored decisions, with the values behind them."""
        hashes = dict.fromkeys([hash, *(row["ruleset"] for row in deliveries)])
        rulesets = [one for one in map(self._ruleset, hashes) if one]
        if self._active and self._active.hash not in hashes:
            rulesets.append(self._active)
        answers = [{line.rule: line for line in self.by(one)} for one in rulesets]
        lines = []
        for number, row in enumerate(said):
            later = any(one["rule"] == row["rule"] for one in said[number + 1 :])
            lines.append(self._remembered(row, rulesets, answers, later))
        return tuple(lines)

    def by(self, ruleset: Ruleset) -> tuple[Line, ...]:
        """What the rules of a ruleset say; nothing if the request was deleted."""
        if self._stored.pruned:
            return ()
        if self._stored.source not in ruleset.sources:
            reason = f"no mapping file declares source '{self._stored.source}'"
            return (Line(rule="", said=Said.ERROR, reason=reason, place="", text=""),)
        answer = self._asker.ask(ruleset, self._stored)
        if answer.look_up:
            reason = "its look-up comes first, then the rules are asked"
            source = ruleset.sources[self._stored.source]
            place = str(source.place)
            said = Said.SKIPPED
            return (Line(rule="", said=said, reason=reason, place=place, text=""),)
        trials = self._trials(ruleset)
        return tuple(
            line_of(one, ruleset, trials.get(one.rule), self._folder)
            for one in answer.decisions
        )

    def _trials(self, ruleset: Ruleset) -> Mapping[str, Trial]:
        """Each rule's steps; none for an event that the rules are not asked about."""
        source = ruleset.sources[self._stored.source]
        try:
            event = self._asker.event(source, self._stored)
        except Refused:
            return {}
        if event.unreadable:
            return {}
        tried = mapping.try_event(
            event, ruleset, environment=self._environment, max_rendered=self._most
        )
        return {one.rule.id: one for one in tried}

    def _ruleset(self, hash: str | None) -> Ruleset | None:
        if self._active and hash == self._active.hash:
            return self._active
        return built.ruleset(self._database, hash) if hash else None

    def _remembered(
        self,
        row: Mapping[str, Any],
        rulesets: Sequence[Ruleset],
        answers: Sequence[Mapping[str, Line]],
        superseded: bool,
    ) -> Line:
        """A stored decision, with the values of the first ruleset that says the same about the event."""
        plain = Line(
            rule=row["rule"],
            said=row["said"],
            reason=row["reason"],
            place=placed(self._folder, row["place"]),
            text=text_at(rulesets, row["place"]),
            code=row["code"],
            decided_at=row["decided_at"],
            superseded=superseded,
        )
        for answer in answers:
            line = answer.get(row["rule"])
            if line and (line.said, line.reason) == (plain.said, plain.reason):
                return replace(line, decided_at=plain.decided_at, superseded=superseded)
        return plain


def _compared(
    then: tuple[Line, ...], now: tuple[Line, ...]
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Both sides, with those lines marked that the other side does not have. Only a rule's last word counts."""
    if not now:
        return then, now
    last = [line for line in then if not line.superseded]
    return (
        tuple(
            replace(line, differs=line in last and _is_new(line, now)) for line in then
        ),
        tuple(replace(line, differs=_is_new(line, last)) for line in now),
    )


def _is_new(line: Line, others: Sequence[Line]) -> bool:
    return not any(_same(line, other) for other in others)


def _same(one: Line, other: Line) -> bool:
    if (one.rule, one.said, one.reason) != (other.rule, other.said, other.reason):
        return False
    if not (one.known and other.known):
        return True
    return [*map(_effect, one.calls)] == [*map(_effect, other.calls)]


def _effect(call: Mapping[str, Any]) -> object:
    """What a call does at its vendor."""
    return call["connection"], call["ticket"], call["request"]
