"""What a bulk act would do to each of its items, before it does anything: eligible, or left out and why. Reads only.

Items are looked at newest first, so that of several items for one ticket the newest is known first. An item is looked
at again when it is done, because it may have changed since.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge import vendors
from bridge.errors import UnknownName
from bridge.greenlets import off_the_loop
from bridge.mapping import Ruleset
from bridge.services.acts import CANCEL, RELEASE, RETRY, Act, refusal
from bridge.services.replay import Replayer
from bridge.services.replay_plans import told as replay_told
from bridge.services.rerouting import Rerouter, told
from bridge.services.veiling import veiled_text
from bridge.state import State
from bridge.store import Database, bulk, queue, selecting, views
from bridge.worker.asking import Asker

# Items in one transaction.
_CHUNK = 100
_ACTS = {act.name: act for act in (RETRY, RELEASE, CANCEL)}
_NEWER = "a newer item updates the same ticket"
# What makes the same reason differ from item to item.
_TICKET = re.compile(r"(update of ticket) .* (was already)")
_FORCE = re.compile(r",? add --force.*")

Lane = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What one item would come to. `lanes` are the rules and lanes that it updates."""

    ok: bool
    message: str
    ticket: str = ""
    adds: str = ""
    lanes: frozenset[Lane] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Looker:
    """What looking takes: the active rules, and the limits of this bridge."""

    rules: Ruleset
    environment: str
    max_rendered: int

    @property
    def asker(self) -> Asker:
        """Asks the rules."""
        return Asker(self.environment, self.max_rendered)

    def replayer(self, database: Database, options: Mapping[str, Any]) -> Replayer:
        """Replays as a bulk act says."""
        return Replayer(
            database,
            rules=self.rules if options["current"] else None,
            environment=self.environment,
            max_rendered=self.max_rendered,
            force=options["force"],
        )

    def rerouter(
        self, database: Database, options: Mapping[str, Any], asker: Asker
    ) -> Rerouter:
        """Reroutes as a bulk act says."""
        return Rerouter(
            database, self.rules, asker, rule=options["rule"], force=options["force"]
        )


def look_through(
    database: Database, id: int, looker: Looker, keep: Callable[[], bool]
) -> bool:
    """Looks at every item of a plan, newest first. `keep` is asked now and then; False: somebody else looks."""
    with database.read() as tx:
        row = bulk.load(tx, id)
    if row is None:
        return False
    database.write(lambda tx: bulk.forget_looks(tx, id))
    look, seen = _look_of(database, row, looker), set[Lane]()
    for items in _chunks(database, id):
        # Rules are asked, so it is done beside the loop that receivers use.
        found = off_the_loop(lambda items=items: _looked(look, items))  # type: ignore[misc]
        if row["options"]["newest"]:
            found = [(item, _newest(one, seen)) for item, one in found]
        database.write(lambda tx, found=found: _write(tx, found))  # type: ignore[misc]
        if not keep():
            return False
    return True


def _looked(look: Callable[[int], Look], items: Any) -> list[tuple[int, Look]]:
    return [(item["id"], look(item["target"])) for item in items]


def _chunks(database: Database, id: int) -> Iterator[Any]:
    last = 0
    while True:
        with database.read() as tx:
            items = bulk.items(tx, id, after=last, limit=_CHUNK, newest_first=True)
        if not items:
            return
        last = items[-1]["id"]
        yield items


def _write(tx: Any, found: list[tuple[int, Look]]) -> None:
    for item, look in found:
        bulk.looked_at(
            tx,
            item,
            state="eligible" if look.ok else "left",
            ticket=look.ticket,
            adds=look.adds,
            # Reasons may quote what an event holds.
            message=veiled_text(look.message),
            why="" if look.ok else veiled_text(why(look.message)),
        )


def why(message: str) -> str:
    """A refusal without what differs from item to item, so that equal ones can be counted."""
    text = message.partition(": ")[2] or message
    text = re.sub(r":? ?`[^`]*`.*", "", text)
    text = _FORCE.sub("", _TICKET.sub(r"\1 … \2", text))
    return re.sub(r"\b[0-9]+\b", "…", text) if "delivery" in text else text


def _newest(look: Look, seen: set[Lane]) -> Look:
    """The look, or that a newer item does all of it already."""
    if not look.ok or not look.lanes:
        return look
    if look.lanes <= seen:
        return Look(ok=False, message=f"left out: {_NEWER}", ticket=look.ticket)
    seen |= look.lanes
    return look


def _look_of(
    database: Database, row: Mapping[str, Any], looker: Looker
) -> Callable[[int], Look]:
    act, options = row["act"], row["options"]
    if act == "reroute":
        rerouter = looker.rerouter(database, options, looker.asker)
        return lambda id: _rerouted(rerouter, id)
    if act == "replay":
        replayer = looker.replayer(database, options)
        return lambda id: _replayed(replayer, id)
    return lambda id: _moved(database, _ACTS[act], id)


def _rerouted(rerouter: Rerouter, id: int) -> Look:
    plan = rerouter.plan(id)
    if not plan.said and not plan.looks_up:
        return Look(ok=False, message=plan.problem or plan.nothing)
    lanes = frozenset((one.rule, one.lane) for one in plan.new)
    tickets = sorted({one.ticket for one in plan.new if one.ticket})
    adds = next((_adds(one.operation, one.fields) for one in plan.new), "")
    ticket = tickets[0] if tickets else ""
    message = f"would be rerouted: {told(plan)}"
    return Look(ok=True, message=message, ticket=ticket, adds=adds, lanes=lanes)


def _replayed(replayer: Replayer, id: int) -> Look:
    plan = replayer.plan(id)
    if plan.problem:
        return Look(ok=False, message=plan.problem)
    row, new = plan.delivery, plan.rendered
    made = (new.rule, new.lane) if new else (row["rule"], row["lane"])
    return Look(
        ok=True,
        message=replay_told(plan),
        ticket=new.ticket if new else row["ticket"],
        adds=_adds(row["operation"], row["fields"]),
        lanes=frozenset([made] if made[1] else []),
    )


def _moved(database: Database, act: Act, id: int) -> Look:
    """As steer.py would decide it."""
    with database.read() as tx:
        row = views.delivery(tx, id)
        routable = act is RETRY and id in selecting.routable(tx, [id])
        other = queue.used_by(tx, id) if row and not routable else None
    state = row["state"] if row else None
    if routable and row:
        return Look(
            ok=True, message="its event would be routed again", ticket=row["ticket"]
        )
    waits = act.to == State.WAITING and state != act.to
    if row is None or state not in act.states or (other and waits):
        return Look(ok=False, message=refusal(act, id, state, other))
    adds = _adds(row["operation"], row["fields"]) if waits else ""
    reason = f": {row['reason']}" if row["reason"] else ""
    return Look(
        ok=True,
        message=f"is {state}{reason}",
        ticket=row["ticket"],
        adds=adds,
        lanes=frozenset([(row["rule"], row["lane"])] if row["lane"] else []),
    )


def _adds(operation: str, fields: Mapping[str, Any] | None) -> str:
    """The field that a repeated call adds to."""
    try:
        return vendors.operation(operation).adding(fields or {})
    except UnknownName:
        return ""
