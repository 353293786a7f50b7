"""Routes events again with the current rules: events that no rule matched, that failed, or that came too early.

Existing deliveries stay. A call is added only if no call with the same effect was sent, waits, is held or is dead,
whatever rule made it: so a renamed rule repeats nothing. Sending again is for replay.py and steer.py.

Something that a person cancelled comes back only by name: the event by its number or its sender's id, and for a
delivery also the rule. An event whose look-up has no answer starts over with the look-up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bridge.mapping import Ruleset
from bridge.model import Decided, Decision, Delivery
from bridge.services.acts import Done
from bridge.services.again import begin_anew
from bridge.services.done_before import Made, account, failed, stands_for
from bridge.state import EventState, State
from bridge.store import (
    Database,
    Transaction,
    audit,
    decisions,
    deliveries,
    events,
    replays,
    rerouted,
    routed,
)
from bridge.store.audit import By
from bridge.store.database import one_at_a_time
from bridge.worker.asking import Asker


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What rerouting one event would add: `said` has only what is new. It is empty with a `problem` or `nothing`."""

    id: int
    problem: str = ""
    # Why there is nothing to add, which is not a failure.
    nothing: str = ""
    said: tuple[Decision, ...] = ()
    # A worker makes the look-up first, then all rules run.
    looks_up: bool = False
    # Dead letters of failed rules, or a look-up, that this replaces.
    ended: tuple[int, ...] = ()

    @property
    def decided(self) -> Decided:
        """The same for those who store it."""
        return Decided(event=self.id, decisions=self.said)

    @property
    def new(self) -> tuple[Delivery, ...]:
        """The calls that would be made."""
        return self.decided.rendered


class Rerouter:
    """Plans and reroutes, with all current rules or one; `force` also sends what is out of date."""

    def __init__(
        self,
        database: Database,
        rules: Ruleset,
        asker: Asker,
        *,
        rule: str,
        force: bool,
        named: bool = False,
    ) -> None:
        """`named`: a person named the events instead of using a filter."""
        self._database, self._rules, self._asker = database, rules, asker
        self._rule, self._force, self._named = rule, force, named

    def plan(self, id: int) -> Plan:
        """What would be added; reads only."""
        with self._database.read() as tx:
            stored = events.load(tx, id)
            state = rerouted.state(tx, id)
            before = rerouted.before(tx, id)
            look_up = rerouted.look_up(tx, id)
        if stored is None or state is None:
            return Plan(id=id, problem=f"there is no event {id}")
        if state != EventState.ROUTED:
            return Plan(id=id, problem="not rerouted: it has not been routed yet")
        if stored.source not in self._rules.sources:
            problem = "not rerouted: its source is no longer configured"
            return Plan(id=id, problem=problem)
        answer = self._asker.ask(self._rules, stored)
        if answer.look_up:
            return self._looked_up(id, before, look_up)
        said = [
            one for one in answer.decisions if one.rule in ("", self._rule or one.rule)
        ]
        if not said:
            problem = f"not rerouted: its source has no rule '{self._rule}'"
            return Plan(id=id, problem=problem)
        return self._compared(id, said, before)

    def _looked_up(
        self,
        id: int,
        before: Made,
        look_up: Mapping[str, Any] | None,
    ) -> Plan:
        """The plan of an event that needs its look-up before its rules can run."""
        if self._rule:
            problem = (
                "not rerouted: its look-up comes first, then all rules run: drop --rule"
            )
            return Plan(id=id, problem=problem)
        if any(not failed(row) for row in before):
            problem = "not rerouted: its deliveries were made without a look-up, replay them instead"
            return Plan(id=id, problem=problem)
        if look_up and look_up["state"] == State.CANCELLED and not self._named:
            nothing = f"its look-up was cancelled: `bridge reroute {id}` makes it again"
            return Plan(id=id, nothing=f"nothing new: {nothing}")
        ended = [row["id"] for row in before if row["state"] == State.DEAD]
        ended += [look_up["id"]] if look_up else []
        return Plan(id=id, looks_up=True, ended=tuple(ended))

    def _compared(self, id: int, said: Sequence[Decision], before: Made) -> Plan:
        """The plan without what was already made, or is out of date."""
        late = 0
        kept: list[Decision] = []
        for one in said:
            fresh = [
                _with_own_key(r, before)
                for r in one.rendered
                if not self._made(r, before)
            ]
            timely = [r for r in fresh if not self._overtaken(r)]
            late += len(fresh) - len(timely)
            if timely:
                kept.append(replace(one, rendered=tuple(timely)))
        if not kept:
            return Plan(
                id=id, nothing=f"nothing new: {account(id, said, late, before)}"
            )
        failing = {one.id for one in self._rules.rules} - {one.rule for one in kept}
        ended = [
            row["id"] for row in before if failed(row) and row["rule"] not in failing
        ]
        return Plan(id=id, said=tuple(kept), ended=tuple(ended))

    def _overtaken(self, rendered: Delivery) -> bool:
        if self._force:
            return False
        update = {"lane": rendered.lane, "rule": rendered.rule, "at": rendered.at}
        with self._database.read() as tx:
            return replays.newer_delivered(tx, update) is not None

    def send(self, plan: Plan, by: By) -> Done:
        """Adds the deliveries, unless the plan has a problem or the event changed meanwhile."""
        if plan.looks_up:
            return self._look_up(plan, by)
        if not plan.said:
            return unchanged(plan)
        now = datetime.now(UTC)

        def job(tx: Transaction) -> bool:
            one_at_a_time(tx, f"reroute {plan.id}")
            before = rerouted.before(tx, plan.id)
            if any(self._made(rendered, before) for rendered in plan.new):
                return False
            for id in plan.ended:
                reason = by.did("rerouted")
                deliveries.change_state(
                    tx, id, (State.DEAD,), State.CANCELLED, reason, now, by
                )
            audit.record(tx, by, "reroute", {"events": [plan.id]}, now)
            decisions.revise(tx, plan.id, plan.said, now)
            routed.deliver(tx, [plan.decided], self._rules.hash, now)
            return True

        if self._database.write(job):
            return Done(
                id=plan.id, ok=True, message=f"{by.did('rerouted')}: {told(plan)}"
            )
        return _changed_meanwhile(plan)

    def _look_up(self, plan: Plan, by: By) -> Done:
        now, reason = datetime.now(UTC), by.did("rerouted")

        def job(tx: Transaction) -> bool:
            begun = begin_anew(tx, plan.ended, plan.id, reason, now, by)
            if begun:
                audit.record(tx, by, "reroute", {"events": [plan.id]}, now)
            return begun

        if self._database.write(job):
            return Done(id=plan.id, ok=True, message=f"{reason}: {told(plan)}")
        return _changed_meanwhile(plan)

    def _made(self, rendered: Delivery, before: Made) -> bool:
        """Whether a delivery has the same effect: the same rule and item, or the same call for the same ticket."""
        named = self._named and self._rule
        return any(
            not (named and row["state"] == State.CANCELLED)
            for row in before
            if stands_for(rendered, row)
        )


def _with_own_key(rendered: Delivery, before: Made) -> Delivery:
    """A call with a new key, if a cancelled delivery may have used the old one."""
    if not any(stands_for(rendered, row) for row in before):
        return rendered
    key = replays.fresh_key(rendered.idempotency_key) or ""
    return replace(rendered, idempotency_key=key)


def _changed_meanwhile(plan: Plan) -> Done:
    message = "not rerouted: it changed meanwhile, check it again"
    return Done(id=plan.id, ok=False, message=message)


def unchanged(plan: Plan) -> Done:
    """The result of a plan that adds nothing."""
    return Done(id=plan.id, ok=not plan.problem, message=plan.problem or plan.nothing)


def told(plan: Plan) -> str:
    """What a plan adds, in a few words."""
    if plan.looks_up:
        return "a worker makes its look-up, then all rules run"
    return "; ".join(
        f"{one.rule} calls {one.operation} of {one.connection.name}" for one in plan.new
    )
