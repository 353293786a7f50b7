"""Sends a finished delivery again, even after success: the same request, or its event routed with the current rules.

A plan says what would be sent, or why not; sending it adds a new delivery at the end of its lane. Nothing here waits
for a rate or asks anyone.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bridge.mapping import Ruleset
from bridge.model import Decision, Delivery, Json, Said
from bridge.services import rulesets
from bridge.services.acts import Done
from bridge.services.again import look_up_again
from bridge.services.replay_plans import Plan, changes
from bridge.settings import MAX_RENDERED
from bridge.state import FINISHED, UNFINISHED, State
from bridge.store import (
    Database,
    Transaction,
    audit,
    decisions,
    deliveries,
    events,
    replays,
    selecting,
    views,
)
from bridge.store.audit import By
from bridge.store.database import one_at_a_time
from bridge.worker.asking import Asker

# What may be replayed.
STATES = FINISHED


class Replayer:
    """Plans and sends. Without `rules` the same request is sent; with them the event is routed again."""

    def __init__(
        self,
        database: Database,
        *,
        rules: Ruleset | None = None,
        environment: str = "",
        max_rendered: int = MAX_RENDERED,
        force: bool = False,
        run: int | None = None,
    ) -> None:
        """`force` also sends updates that are older than the last one delivered for the ticket.

        A `run` (replay_runs.py) proceeds by the numbers of its deliveries and never goes back.
        """
        self._database = database
        self._rules = rules
        self._asker = Asker(environment, max_rendered)
        self._force = force
        self._run = run

    def plan(self, id: int) -> Plan:
        """What would be sent; reads only."""
        with self._database.read() as tx:
            row = views.delivery(tx, id)
        if row is None:
            return Plan(id=id, problem=f"there is no delivery {id}", delivery={})
        if row["state"] in UNFINISHED:
            problem = f"not replayed: it is {row['state']}, so it has not finished yet"
            return Plan(id=id, problem=problem, delivery=row)
        if row["look_up"]:
            return self._look_up(row)
        if not row["operation"]:
            problem = f"not replayed: it has no request, use `bridge retry {id}` to route it again"
            return Plan(id=id, problem=problem, delivery=row)
        if self._rules is not None:
            return self._planned_now(row, self._rules)
        problem = _unsendable(row) or self._overtaken(row)
        return Plan(id=id, problem=problem, delivery=row)

    def _look_up(self, row: Mapping[str, Any]) -> Plan:
        """Only a look-up without an answer is made again, because a look-up updates nothing."""
        id, problem = row["id"], ""
        with self._database.read() as tx:
            unanswered = id in selecting.routable(tx, [id])
        if not unanswered:
            problem = (
                f"not replayed: a look-up updates nothing, replay its event's deliveries instead: `bridge deliveries "
                f"list event:{row['event']}`"
            )
        elif not rulesets.configured(self._database, row["source"]):
            problem = "not replayed: its source is no longer configured"
        return Plan(id=id, problem=problem, delivery=row)

    def send(self, plan: Plan, by: By) -> Done:
        """Adds the new delivery, unless the plan has a problem or somebody changed the old one."""
        if plan.problem:
            return Done(id=plan.id, ok=False, message=plan.problem)
        if plan.delivery["look_up"]:
            return look_up_again(self._database, plan.id, plan.delivery["event"], by)
        new = self._database.write(lambda tx: self._add(tx, plan, by))
        if new is None:
            message = "not replayed: it changed meanwhile, check it again"
            return Done(id=plan.id, ok=False, message=message)
        return Done(id=plan.id, ok=True, message=by.did(f"replayed as delivery {new}"))

    def _add(self, tx: Transaction, plan: Plan, by: By) -> int | None:
        """Ends a dead letter, because its replay takes its place."""
        now = datetime.now(UTC)
        state = plan.delivery["state"]
        if selecting.states(tx, [plan.id]).get(plan.id) != state:
            return None
        if self._run is not None and self._passed(tx, self._run, plan.id):
            return None
        new: int | None
        if plan.rendered is None:
            new = replays.repeat(tx, plan.id, by, now, force=self._force)
        else:
            new = self._add_routed(tx, plan, plan.rendered, by, now)
        if new is None:
            return None
        if state == State.DEAD:
            ended = by.did(f"replayed as delivery {new}")
            deliveries.change_state(
                tx, plan.id, (State.DEAD,), State.CANCELLED, ended, now, by
            )
        subject: Json = {"deliveries": [plan.id], "replays": [new], "run": self._run}
        audit.record(tx, by, "replay", subject, now)
        return new

    def _passed(self, tx: Transaction, run: int, id: int) -> bool:
        """Whether the same run, continued elsewhere, already replayed this."""
        one_at_a_time(tx, f"replay {run}")
        return replays.reached(tx, run) >= id

    def _add_routed(
        self,
        tx: Transaction,
        plan: Plan,
        rendered: Delivery,
        by: By,
        now: datetime,
    ) -> int:
        assert self._rules is not None and plan.decision is not None
        event = plan.delivery["event"]
        key = replays.fresh_key(rendered.idempotency_key) or ""
        fresh = replace(rendered, idempotency_key=key)
        decisions.revise(tx, event, [plan.decision], now)
        new = deliveries.add(tx, event, self._rules.hash, fresh, now)
        replays.attribute(tx, new, plan.id, by, force=self._force)
        return new

    def _planned_now(self, row: Mapping[str, Any], rules: Ruleset) -> Plan:
        id, rule = row["id"], row["rule"]
        with self._database.read() as tx:
            stored = events.load(tx, row["event"])
        if stored is None or stored.source not in rules.sources:
            problem = "not replayed: its source is no longer configured"
            return Plan(id=id, problem=problem, delivery=row)
        said = self._asker.decide(rules, stored)
        decision = next((item for item in said if item.rule in (rule, "")), None)
        if decision is None:
            gone = f"not replayed: rule '{rule}' no longer exists"
            problem = f"{gone}: `bridge reroute {row['event']}` uses the current rules"
            return Plan(id=id, problem=problem, delivery=row)
        if decision.said is not Said.MATCHED:
            problem = f"not replayed: {rule}: {decision.said.value}, {decision.reason}"
            return Plan(id=id, problem=problem, delivery=row)
        return self._matched(row, decision)

    def _matched(self, row: Mapping[str, Any], decision: Decision) -> Plan:
        id, key = row["id"], row["item_key"]
        rendered = next((one for one in decision.rendered if one.key == key), None)
        if rendered is None:
            problem = (
                f"not replayed: the rule no longer makes an update for item '{key}'"
            )
            return Plan(id=id, problem=problem, delivery=row)
        if rendered.shadow:
            problem = (
                "not replayed: its rule is in mode shadow, so nothing would be sent"
            )
            return Plan(id=id, problem=problem, delivery=row)
        now = {"lane": rendered.lane, "rule": rendered.rule, "at": rendered.at}
        return Plan(
            id=id,
            problem=self._overtaken({**row, **now}),
            delivery=row,
            decision=decision,
            rendered=rendered,
            changes=tuple(changes(row, rendered)),
        )

    def _overtaken(self, delivery: Mapping[str, Any]) -> str:
        """Why it would overwrite newer values with older ones; "" if it would not, or with `force`."""
        if self._force:
            return ""
        with self._database.read() as tx:
            newest = replays.newer_delivered(tx, delivery)
        if newest is None:
            return ""
        ticket = delivery["ticket"]
        return f"not replayed: a newer update of ticket {ticket} was already delivered, add --force to send it anyway"


def _unsendable(row: Mapping[str, Any]) -> str:
    """Why there is no request to send again; "" if there is one."""
    if row["state"] == State.SHADOW:
        return "not replayed: its rule was in mode shadow, use `--rules current` to route it with the current rules"
    if row["call"] is None:
        return "not replayed: its request was deleted after the retention period, or erased"
    return ""
