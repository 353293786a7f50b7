"""Why a delivery will or will not be tried again, in one sentence with the command that helps. Reads only."""

import shlex
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from bridge.services import rulesets
from bridge.services.pausing import options
from bridge.state import State
from bridge.store import Database, Transaction, pauses, specs, views

# What a person has to do, by state.
_STEPS = {
    State.HELD: "check the ticket, then send it with `bridge release {id}` or drop it with `bridge cancel {id}`",
    State.DEAD: "fix the cause, then send it again with `bridge retry {id}`",
}


def step(delivery: Mapping[str, Any]) -> str:
    """What a person has to do before a delivery continues; "" if nothing."""
    return _STEPS.get(delivery["state"], "").format(id=delivery["id"])


def outlook(database: Database, delivery: Mapping[str, Any], now: datetime) -> str:
    """What comes next for a row of views.delivery."""
    id, reason = delivery["id"], delivery["reason"]
    because = f": {reason}" if reason else ""
    match delivery["state"]:
        case State.WAITING:
            off = rulesets.off(database)
            with database.read() as tx:
                stops = [*_stops(tx, delivery, off, now)]
            return f"waits: {'; '.join(stops)}" if stops else _due(delivery, now)
        case State.SENDING:
            until = _at(delivery["lease_until"] or now)
            return f"is being sent; if its worker stopped, another one takes over after {until}"
        case State.HELD:
            return f"waits for a person{because}: {step(delivery)}"
        case State.DEAD:
            return f"will not be retried automatically{because}: {step(delivery)}"
        case State.DELIVERED if delivery["look_up"]:
            return "is done; its answer is stored with its event"
        case State.DELIVERED if delivery["call"] is None:
            return (
                "is done; its request was deleted after the retention period, or erased"
            )
        case State.DELIVERED:
            return f"is done; `bridge replay {id}` would send it again"
        case State.SHADOW:
            return "is never sent, because its rule was in mode shadow"
        case state:
            return f"was {state} and will not be sent{because}"


def stops(
    database: Database, ids: Collection[int], off: Collection[str], now: datetime
) -> Mapping[int, str]:
    """id → why a waiting delivery is not sent now; only for those with a reason."""
    reasons = {}
    with database.read() as tx:
        for id in ids:
            delivery = views.delivery(tx, id)
            if delivery and delivery["state"] == State.WAITING:
                reasons[id] = "; ".join(_stops(tx, delivery, off, now))
    return {id: f"waits: {said}" for id, said in reasons.items() if said}


def _stops(
    tx: Transaction,
    delivery: Mapping[str, Any],
    off: Collection[str],
    now: datetime,
) -> Iterator[str]:
    """Every reason why a waiting delivery is not sent, first those that a person can change."""
    for row in pauses.stopping(tx, delivery):
        scope = pauses.scope_of(row)
        yield (
            f"{scope} was paused by {row['person']} at {_at(row['since'])}{_why(row)}"
            f" (`bridge resume {options(scope)}`)"
        )
    name = delivery["connection"]
    sender = specs.of(tx, delivery["id"])
    tenant, account = views.standing(tx, sender)
    if account and account["state"] == "parked":
        yield (
            f"connection {name} has been parked since {_at(account['since'])}{_why(account)}"
            f" (correct the credentials, then `bridge resume {shlex.quote(name)}`)"
        )
    if delivery["rule"] in off:
        yield f"rule {delivery['rule']} is in mode off"
    if tenant and tenant["broken_at"]:
        probe = (
            f", the next call is at {_at(tenant['probe_at'])}"
            if tenant["probe_at"]
            else ""
        )
        yield (
            f"{name} has been failing since {_at(tenant['broken_at'])}{probe}"
            f" (`bridge resume {shlex.quote(name)}` tries at once)"
        )
    elif tenant and tenant["window_from"] and (tenant["next_at"] or now) > now:
        yield (
            f"{name} asked for no calls before {_at(tenant['next_at'])}"
            f" (`bridge resume {shlex.quote(name)}` tries at once)"
        )
    first = views.ahead(tx, delivery["id"])
    if first:
        yield _behind(views.delivery(tx, first["id"]) or first, now)
    if delivery["due_at"] > now:
        yield _due(delivery, now)


def _behind(first: Mapping[str, Any], now: datetime) -> str:
    """What a delivery that waits behind another is waiting for, with the command if a person can help."""
    id, state = first["id"], first["state"]
    said = f"delivery {id} is ahead in its lane and is {state}"
    if state == State.HELD:
        return f"{said} (`bridge release {id}` or `bridge cancel {id}`)"
    if state == State.WAITING and first["due_at"] > now:
        return f"{said} until {_at(first['due_at'])} (`bridge retry {id}` sends it now)"
    return said


def _due(delivery: Mapping[str, Any], now: datetime) -> str:
    number = delivery["attempts"] + 1
    if delivery["due_at"] <= now:
        return f"is due now, for attempt {number}"
    return f"attempt {number} is at {_at(delivery['due_at'])}"


def _why(row: Mapping[str, Any]) -> str:
    return f" because {row['reason']}" if row["reason"] else ""


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%SZ")
