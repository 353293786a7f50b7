"""Events once more by the current rules: those that no rule took, at which one failed, or that came before their rule.

What an event led to stays. A call is made of it again only where none with the same effect was made, waits, is held or
was given up: whatever rule made it, so a renamed rule repeats nothing. Sending again is for replay.py and steer.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bridge.mapping import Ruleset
from bridge.model import Decided, Decision, Rendered, Said
from bridge.services.acts import Done
from bridge.state import EventState, State
from bridge.store import (
    Database,
    Session,
    audit,
    decisions,
    deliveries,
    events,
    replays,
    rerouted,
    routed,
)
from bridge.store.audit import By
from bridge.store.events import StoredEvent
from bridge.worker.asking import Asker


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What rerouting one event would add: `said` with what is new alone. It is empty with a `problem` or `nothing`."""

    id: int
    problem: str = ""
    nothing: str = ""  # why there is nothing to add, which is no failure
    said: tuple[Decision, ...] = ()
    ended: tuple[
        int, ...
    ] = ()  # dead letters of rules that failed, whose place is taken

    @property
    def new(self) -> list[Rendered]:
        """The calls that would be made."""
        return [rendered for one in self.said for rendered in one.rendered]


class Rerouter:
    """Plans and does it, with the rules in force, all of them or one; `force` also takes what is out of date."""

    def __init__(
        self,
        database: Database,
        rules: Ruleset,
        asker: Asker,
        *,
        rule: str,
        force: bool,
    ) -> None:
        self._database, self._rules, self._asker = database, rules, asker
        self._rule, self._force = rule, force

    def plan(self, id: int) -> Plan:
        """What would be added; reads only."""
        with self._database.read() as connection:
            stored = events.load(connection, id)
            state = rerouted.state(connection, id)
            before = rerouted.before(connection, id)
        if stored is None or state is None:
            return Plan(id=id, problem=f"there is no event {id}")
        if state != EventState.ROUTED:
            return Plan(id=id, problem="not rerouted: a worker has not routed it yet")
        if stored.source not in self._rules.sources:
            problem = "not rerouted: its source is not configured any more"
            return Plan(id=id, problem=problem)
        said = self._decided(stored)
        if not said:
            problem = f"not rerouted: its source has no rule '{self._rule}'"
            return Plan(id=id, problem=problem)
        return self._compared(id, said, before)

    def _decided(self, stored: StoredEvent) -> list[Decision]:
        decided = self._asker.decide(self._rules, stored)
        return [one for one in decided if self._rule in ("", one.rule) or not one.rule]

    def _compared(
        self, id: int, said: Sequence[Decision], before: Sequence[Mapping[str, Any]]
    ) -> Plan:
        """The plan without what was made before, or is out of date."""
        late = 0
        kept: list[Decision] = []
        for one in said:
            fresh = [r for r in one.rendered if not _made(r, before)]
            timely = [r for r in fresh if not self._overtaken(r)]
            late += len(fresh) - len(timely)
            if timely:
                kept.append(replace(one, rendered=tuple(timely)))
        if not kept:
            return Plan(id=id, nothing=f"nothing new: {_sentence(said, late)}")
        rules = {one.rule for one in kept}
        ended = [row["id"] for row in before if _failed(row) and row["rule"] in rules]
        return Plan(id=id, said=tuple(kept), ended=tuple(ended))

    def _overtaken(self, rendered: Rendered) -> bool:
        if self._force:
            return False
        asked = {"lane": rendered.lane, "rule": rendered.rule, "at": rendered.at}
        with self._database.read() as connection:
            return replays.newer_delivered(connection, asked) is not None

    def send(self, plan: Plan, by: By) -> Done:
        """Adds the deliveries, unless the plan has a problem or the event led to something else meanwhile."""
        if not plan.said:
            return unchanged(plan)
        now = datetime.now(UTC)

        def job(connection: Session) -> bool:
            before = rerouted.before(connection, plan.id)
            if any(_made(rendered, before) for rendered in plan.new):
                return False
            for id in plan.ended:
                reason = by.did("rerouted")
                deliveries.change_state(
                    connection, id, (State.DEAD,), State.CANCELLED, reason, now, by
                )
            audit.record(connection, by, "reroute", {"events": [plan.id]}, now)
            decisions.revise(connection, plan.id, plan.said, now)
            decided = Decided(event=plan.id, decisions=plan.said)
            routed.deliver(connection, [decided], self._rules.hash, now)
            return True

        if self._database.write(job):
            return Done(
                id=plan.id, ok=True, message=f"{by.did('rerouted')}: {told(plan)}"
            )
        message = "not rerouted: it changed meanwhile, look at it again"
        return Done(id=plan.id, ok=False, message=message)


def unchanged(plan: Plan) -> Done:
    """What is said of a plan that adds nothing."""
    return Done(id=plan.id, ok=not plan.problem, message=plan.problem or plan.nothing)


def told(plan: Plan) -> str:
    """What a plan adds, in a few words."""
    return "; ".join(
        f"{one.rule} calls {one.operation} of {one.connection.name}" for one in plan.new
    )


def _made(rendered: Rendered, before: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a delivery stands for the same: of the same rule and item, or the same call for the same ticket."""
    return any(
        (row["rule"], row["item_key"]) == (rendered.rule, rendered.key)
        or _same(rendered, row)
        for row in before
        if not _failed(row)
    )


def _same(rendered: Rendered, row: Mapping[str, Any]) -> bool:
    """Whether it was the same call; one whose request is not kept any more counts as that."""
    if (row["operation"], row["lane"]) != (rendered.operation, rendered.lane):
        return False
    call, own = row["call"], rendered.call
    if call is None:
        return True
    return (call["method"], call["path"], row["body"]) == (
        own.method,
        own.path,
        own.body,
    )


def _failed(row: Mapping[str, Any]) -> bool:
    """Whether it is the dead letter of a rule that failed, which has no request."""
    return not row["operation"]


def _sentence(said: Sequence[Decision], late: int) -> str:
    if late:
        return (
            "newer updates of the ticket were delivered, add --force to send it anyway"
        )
    words = {Said.MATCHED: "was done before", Said.ERROR: "fails"}
    return "; ".join(
        f"{one.rule or 'the event'}: {words.get(one.said, one.said.value)}"
        + (f", {one.reason}" if one.said is not Said.MATCHED else "")
        for one in said
    )
