"""What became of an event and of a ticket, in sentences: deliveries with what comes next, and what is unusual.

Reads only.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bridge.services import outlook, rulesets
from bridge.services.veiling import veiled, veiled_delivery
from bridge.settings import Settings
from bridge.state import UNFINISHED, EventState, State
from bridge.store import Database, ledger, pauses, queue, views
from bridge.store.events import StoredEvent
from bridge.store.filtering import Condition

Rows = Sequence[Mapping[str, Any]]

# As many deliveries as for_each may make of one event and one rule.
_MANY = 1_000
# Deliveries that are explained; each takes some queries.
_EXPLAINED = 20
# Tickets that a summary names.
_NAMED = 3


def of_event(database: Database, id: int, now: datetime) -> Rows:
    """The deliveries of an event, oldest first, each with what comes next."""
    where = [Condition(key="event", value=id)]
    with database.read() as tx:
        rows = views.list_deliveries(tx, where, limit=_MANY)[::-1]
    return explained(database, rows, now)


def explained(database: Database, rows: Rows, now: datetime) -> Rows:
    """Deliveries, each with `outlook`, `next`, `key_used_by` and `replays`.

    `next` is what a person has to do, or what it waits for. Of many, the last ones are not explained.
    """
    replays: dict[int, list[int]] = {}
    for row in rows:
        if row["replay_of"]:
            replays.setdefault(row["replay_of"], []).append(row["id"])
    first = [row["id"] for row in rows if row["state"] in (*UNFINISHED, State.DEAD)]
    first += [row["id"] for row in rows if row["id"] not in first]
    chosen = {*first[:_EXPLAINED]}
    with database.read() as tx:
        full = {id: views.delivery(tx, id) for id in chosen}
        used = {id: queue.used_by(tx, id) for id, row in full.items() if row}
        waiting = [
            id for id, row in full.items() if row and row["state"] == State.WAITING
        ]
    stops = outlook.stops(database, waiting, rulesets.off(database), now)
    said = {id: outlook.outlook(database, row, now) for id, row in full.items() if row}
    return [
        {
            **row,
            "outlook": said.get(row["id"], ""),
            "next": outlook.step(row) or stops.get(row["id"], ""),
            "key_used_by": used.get(row["id"]),
            "replays": replays.get(row["id"], []),
        }
        for row in rows
    ]


def summary(event: Mapping[str, Any], decisions: Rows, deliveries: Rows) -> str:
    """One sentence: how many rules matched, and what became of the updates."""
    if event["state"] == EventState.STORED:
        return "not routed yet: waiting for a worker"
    if event["state"] == EventState.FETCHING:
        return "not routed yet: waiting for its look-up"
    last = {row["rule"]: row for row in decisions}
    rules = [row for rule, row in last.items() if rule]
    parts = [_asked(rules) if rules else _unasked([*last.values()], deliveries)]
    return "; ".join((*parts, *_updates(deliveries)))


def notes(
    event: Mapping[str, Any], stored: StoredEvent, settings: Settings, deliveries: Rows
) -> Iterator[str]:
    """What is unusual about an event, and how long its payload is kept."""
    if event["imported"]:
        yield f"its sender did not prove it: imported {event['imported']}"
    if not stored.live:
        yield "a test event: its sender sent it in test mode"
    if event["conflicts"]:
        times = _count(event["conflicts"], "time")
        yield f"the same id came again with another body, {times}: each was stored as an event of its own"
    if stored.pruned:
        yield "its payload was deleted; the decisions and their reasons remain"
    else:
        until = stored.request.received_at + settings.keep_payloads
        yield f"its payload is kept until {until:%d %B %Y} or longer; the reasons remain after that".replace(
            " 0", " "
        )
    if stored.fetched is not None:
        yield "it was looked up: the rules see the answer as `fetched`"
    many = len(deliveries) - _EXPLAINED
    if many > 0:
        yield f"only {_EXPLAINED} of its {len(deliveries)} deliveries are explained"


def of_ticket(
    database: Database,
    ticket: str,
    now: datetime,
    limit: int,
    *,
    revealed: bool = False,
) -> Mapping[str, Any]:
    """What was sent to a ticket (from the ledger), what is not over, and who paused it.

    Personal data is hidden unless `revealed`.
    """
    where = [Condition(key="ticket", value=ticket)]
    open_states = [
        Condition(key="state", value=state) for state in (*UNFINISHED, State.DEAD)
    ]
    with database.read() as tx:
        sent = ledger.of_ticket(tx, ticket, limit)
        rows = views.list_deliveries(tx, [*where, *open_states], limit=_MANY)[::-1]
        paused = [row for row in pauses.listed(tx) if _stops(row, ticket)]
    waiting = explained(database, rows, now)
    return {
        "ticket": ticket,
        "summary": _of_ticket(sent, rows, limit),
        "sent": sent if revealed else [*map(_hidden_update, sent)],
        "open": waiting if revealed else [*map(veiled_delivery, waiting)],
        "pauses": paused,
    }


def _hidden_update(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "fields": veiled(row["fields"])}


def _stops(pause: Mapping[str, Any], ticket: str) -> bool:
    """Whether a pause is about this ticket, or about everything."""
    scope = pauses.scope_of(pause).as_mapping()
    return not scope or scope.get("ticket") == ticket


def _of_ticket(sent: Rows, rows: Rows, limit: int) -> str:
    states = Counter(row["state"] for row in rows)
    said = [f"{number} {state}" for state, number in states.items()]
    many = f"{limit} or more updates" if len(sent) == limit else ""
    done = (many or _count(len(sent), "update")) + " accepted"
    last = f", the last at {sent[0]['at']:%Y-%m-%d %H:%M}Z" if sent else ""
    return "; ".join((f"{done}{last}", *said))


def _asked(rules: Rows) -> str:
    said = Counter(row["said"] for row in rules)
    number, matched = len(rules), said["matched"]
    failed = f"; {_count(said['error'], 'rule')} failed" if said["error"] else ""
    if not matched:
        return f"no rule matched ({number} asked){failed}"
    return f"{matched} of {_count(number, 'rule')} matched{failed}"


def _unasked(decisions: Rows, deliveries: Rows) -> str:
    if decisions:
        return f"no rule was asked: {decisions[-1]['reason']}"
    if deliveries:
        return "no rule was asked"
    return "its source has no rules"


def _updates(deliveries: Rows) -> Iterator[str]:
    """`1 update delivered to 4711`, for each state."""
    by_state: dict[str, list[Mapping[str, Any]]] = {}
    for row in deliveries:
        if not row["look_up"]:
            by_state.setdefault(row["state"], []).append(row)
    for state, rows in by_state.items():
        tickets = [*dict.fromkeys(row["ticket"] for row in rows if row["ticket"])]
        named = ", ".join(tickets[:_NAMED])
        if len(tickets) > _NAMED:
            named = f"{len(tickets)} tickets"
        to = f" to {named}" if named and state == State.DELIVERED else ""
        about = f" for {named}" if named and not to else ""
        yield f"{_count(len(rows), 'update')} {state}{to}{about}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
