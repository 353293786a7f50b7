"""Connections as people see them: whom they reach, their limits, and whether they are parked, failing or free."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bridge import vendors
from bridge.did_you_mean import did_you_mean
from bridge.errors import BridgeError, UnknownName
from bridge.mapping import Ruleset
from bridge.model import Connection, SecretRef
from bridge.services import reaching
from bridge.services.checks import NotWell
from bridge.services.signing_in import connections
from bridge.settings import Settings
from bridge.state import State
from bridge.store import Database, Transaction, measures, pauses, views


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A connection. What is secret is only named."""

    name: str
    vendor: str
    # Connections of one tenant share limits and breaker.
    tenant: str
    # parked, failing, waiting (its vendor asked for no calls until `next_at`), paused or open
    state: str
    reason: str
    since: datetime | None
    next_at: datetime | None
    # Failures in a row, as the breaker counts.
    failures: int
    # What its mapping file limits; "" if nothing.
    rate: str
    concurrency: str
    secrets: tuple[str, ...]
    waiting: int
    oldest: datetime | None
    held: int
    dead: int


def listed(database: Database, rules: Ruleset, now: datetime) -> list[Seen]:
    """Every connection of the rules, and those that only deliveries have any more."""
    with database.read() as tx:
        counts = views.count_deliveries(tx)
        oldest = measures.oldest_waiting(tx)
        stopped = pauses.listed(tx)
        known = {one.name: one for one in connections(rules)}
        names = sorted({*known, *(name for name, _ in counts if name)})
        return [
            _seen(tx, name, known.get(name), counts, oldest, stopped, now)
            for name in names
        ]


def named(database: Database, rules: Ruleset, name: str, now: datetime) -> Seen:
    """One connection. Raises UnknownName."""
    every = {one.name: one for one in listed(database, rules, now)}
    if name not in every:
        near = did_you_mean(name, every)
        raise UnknownName(
            f"there is no connection '{name}'{f': {near}' if near else ''}"
        )
    return every[name]


def check(rules: Ruleset, settings: Settings, name: str) -> tuple[bool, str]:
    """Whether a connection can be called: name, network policy, TCP and TLS. Sends nothing. Raises UnknownName."""
    known = {one.name: one for one in connections(rules)}
    if name not in known:
        raise UnknownName(f"no rule has a connection '{name}' any more")
    try:
        return True, reaching.reach(settings, known[name])
    except (BridgeError, NotWell) as error:
        return False, str(error)


def as_row(seen: Seen) -> dict[str, object]:
    """A connection as every face shows it in JSON."""
    return {**asdict(seen), "secrets": [*seen.secrets]}


def _seen(
    tx: Transaction,
    name: str,
    known: Connection | None,
    counts: Mapping[tuple[str, str], int],
    oldest: Mapping[str, datetime],
    stopped: Any,
    now: datetime,
) -> Seen:
    tenant, account = views.standing(tx, known) if known else (None, None)
    state, reason, since, next_at = _state(tenant, account, now)
    paused = next((row for row in stopped if row["connection"] == name), None)
    if state == "open" and paused:
        state, reason, since = "paused", paused["reason"], paused["since"]
    options = known.options if known else {}
    return Seen(
        name=name,
        vendor=vendors.get(known.vendor).title if known else "",
        tenant=known.tenant if known else "",
        state=state,
        reason=reason,
        since=since,
        next_at=next_at,
        failures=tenant["failures"] if tenant else 0,
        rate=str(options.get("rate", "")),
        concurrency=str(options.get("concurrency", "")),
        secrets=tuple(dict.fromkeys(_references(known.auth))) if known else (),
        waiting=sum(
            counts.get((name, one), 0) for one in (State.WAITING, State.SENDING)
        ),
        oldest=oldest.get(name),
        held=counts.get((name, State.HELD), 0),
        dead=counts.get((name, State.DEAD), 0),
    )


def _state(
    tenant: Mapping[str, Any] | None, account: Mapping[str, Any] | None, now: datetime
) -> tuple[str, str, datetime | None, datetime | None]:
    """State, reason, since when, and when the next call may be made."""
    if account and account["state"] == "parked":
        return "parked", account["reason"], account["since"], None
    if tenant and tenant["broken_at"]:
        reason = f"{tenant['failures']} calls in a row failed"
        return "failing", reason, tenant["broken_at"], tenant["probe_at"]
    asked = tenant and tenant["window_from"] and (tenant["next_at"] or now) > now
    if tenant and asked:
        return (
            "waiting",
            "its vendor asked for no calls until then",
            None,
            tenant["next_at"],
        )
    return "open", "", None, None


def _references(value: object) -> list[str]:
    """Where its secrets come from."""
    if isinstance(value, SecretRef):
        return [str(value)]
    if isinstance(value, Mapping):
        return [name for item in value.values() for name in _references(item)]
    return []
