"""Acts on many deliveries or events: plan, start, see the progress, pause, resume, cancel.

A plan freezes the numbers of what it found. So what is shown before is what is done, also if the filter would find
more by then. bulk_looks.py says what each item would come to; a worker does the items (bulk_work.py).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bridge.greenlets import off_the_loop
from bridge.services import causes, choosing, filters
from bridge.services.acts import CANCEL, RELEASE, retried
from bridge.services.bulk_looks import Looker, look_through
from bridge.services.bulk_values import (
    ACTS,
    Asked,
    BadPlan,
    Bulk,
    Name,
    NoSuchBulk,
    NothingFound,
    NotNow,
    Preview,
    as_row,
    next_step,
    sentence,
)
from bridge.services.replay import STATES
from bridge.store import Database, Transaction, audit, bulk
from bridge.store.audit import By
from bridge.store.filtering import Filter

__all__ = [
    "ACTS",
    "Asked",
    "BadPlan",
    "Bulk",
    "Name",
    "NoSuchBulk",
    "NotNow",
    "NothingFound",
    "Preview",
    "as_row",
    "cancel",
    "items",
    "listed",
    "next_step",
    "pause",
    "plan",
    "preview",
    "resume",
    "sentence",
    "shown",
    "start",
]

# Items of one plan.
MOST = 100_000
# Up to so many are looked at before the plan is returned; a worker looks at more.
AT_ONCE = 200
# Items in one transaction as they are frozen: limits how long others wait for the writer.
_FROZEN = 1_000
# Per second, unless the person says otherwise.
RATE = 10.0

_NUMBERS = re.compile(r"\s*[0-9]{1,18}(\s+[0-9]{1,18})*\s*")
_CAUSE = re.compile(r"\s*cause:([0-9a-f]{12})\s*")
# What is under way, or may be.
_OPEN = ("planned", "running", "paused")


def plan(
    database: Database, asked: Asked, looker: Looker, by: By, now: datetime
) -> int:
    """Freezes what the words find, and looks at it unless it is much. Does nothing yet. The number of the plan.

    Raises BadFilter, BadPlan, NoSuchCause, and NothingFound.
    """
    _require_sense(asked)
    targets = off_the_loop(lambda: _targets(database, asked, now))
    if not targets:
        raise NothingFound("nothing matched, so there is nothing to plan")
    if len(targets) > MOST:
        raise BadPlan(
            f"that is more than {MOST:,} {asked.kind}: narrow the filter, for example with since:24h"
        )
    id = database.write(
        lambda tx: bulk.add(tx, asked.act, asked.words, asked.options, by.person, now)
    )
    for start in range(0, len(targets), _FROZEN):
        some = targets[start : start + _FROZEN]
        database.write(lambda tx, some=some: bulk.freeze(tx, id, some))  # type: ignore[misc]
    few = len(targets) <= AT_ONCE
    if few:
        look_through(database, id, looker, lambda: True)
    to = "planned" if few else "planning"
    database.write(lambda tx: bulk.move(tx, id, ("freezing",), to))
    return id


def _require_sense(asked: Asked) -> None:
    if not asked.words.strip():
        raise BadPlan("name numbers, a cause or a filter: everything is never meant")
    if asked.current and asked.act != "replay":
        raise BadPlan(f"{asked.act} has no choice of rules: only replay has")
    if asked.rule and asked.act != "reroute":
        raise BadPlan(
            f"{asked.act} has no rule to name: only reroute has, write rule:{asked.rule} in the filter"
        )
    if asked.force and asked.act not in ("replay", "reroute"):
        raise BadPlan(f"{asked.act} has no force: only replay and reroute have")


def _targets(database: Database, asked: Asked, now: datetime) -> list[int]:
    """The numbers, oldest first."""
    if _NUMBERS.fullmatch(asked.words):
        return sorted({int(word) for word in asked.words.split()})
    if cause := _CAUSE.fullmatch(asked.words):
        if asked.act == "reroute":
            raise BadPlan("a cause has deliveries: use replay with the current rules")
        return causes.ids(database, causes.named(database, cause[1], now), MOST + 1)
    where = filters.parse(asked.words, asked.kind, now)
    found = (
        choosing.event_batches(database, where, MOST + 1)
        if asked.act == "reroute"
        else choosing.batches(database, where, _states(asked.act, where), MOST + 1)
    )
    return next(found, [])


def _states(act: Name, where: Filter) -> Sequence[str]:
    """The states of the deliveries that a filter is for."""
    if act == "retry":
        return retried(where)
    return {"release": RELEASE.states, "cancel": CANCEL.states}.get(act, STATES)


def start(
    database: Database, id: int, by: By, now: datetime, rate: float = RATE
) -> Bulk:
    """Lets the workers do a plan, at most `rate` items per second. Raises NotNow and NoSuchBulk."""
    wait = max(round(1_000 / rate), 1)
    values = {"started_at": now, "wait": wait, **_person(by)}
    return _moved(database, id, "start", ("planned",), "running", by, now, values)


def pause(database: Database, id: int, by: By, now: datetime) -> Bulk:
    """Stops after the item that is being done."""
    return _moved(database, id, "pause", ("running",), "paused", by, now, {})


def resume(database: Database, id: int, by: By, now: datetime) -> Bulk:
    """Continues with the items that are left."""
    return _moved(database, id, "resume", ("paused",), "running", by, now, {})


def cancel(database: Database, id: int, by: By, now: datetime) -> Bulk:
    """Ends it for good; what is done stays done."""
    origins = ("planning", *_OPEN)
    ended = {"ended_at": now}
    return _moved(database, id, "cancel", origins, "cancelled", by, now, ended)


def _person(by: By) -> dict[str, str]:
    return {"person": by.person, "reason": by.reason}


def _moved(
    database: Database,
    id: int,
    what: str,
    origins: Sequence[str],
    to: str,
    by: By,
    now: datetime,
    values: Mapping[str, Any],
) -> Bulk:
    def job(tx: Transaction) -> bool:
        moved = bulk.move(tx, id, origins, to, **values)
        if moved:
            audit.record(tx, by, f"bulk {what}", {"bulk": id}, now)
        return moved

    moved = database.write(job)
    found = shown(database, id)
    if not moved:
        raise NotNow(f"cannot {what} bulk act {id}: it is {found.state}")
    return found


def shown(database: Database, id: int) -> Bulk:
    """One bulk act. Raises NoSuchBulk."""
    with database.read() as tx:
        row = bulk.load(tx, id)
        if row is None or row["state"] == "freezing":
            raise NoSuchBulk(
                f"there is no bulk act {id}: `bridge bulk list` lists them"
            )
        return _bulk(row, bulk.counts(tx, [id])[id])


def listed(
    database: Database, *, before: int | None = None, limit: int = 50
) -> list[Bulk]:
    """The newest ones, newest first; `before` is the number of the last one that was shown."""
    with database.read() as tx:
        rows = bulk.listed(tx, before=before, limit=limit)
        counts = bulk.counts(tx, [row["id"] for row in rows])
    return [_bulk(row, counts[row["id"]]) for row in rows]


def preview(database: Database, id: int, examples: int = 5) -> Preview:
    """What a plan would do, with the newest examples."""
    states = ("eligible", "done", "failed")
    with database.read() as tx:
        tickets, adds = bulk.scope(tx, id)
        return Preview(
            tickets=tickets,
            adds=adds,
            left=bulk.reasons(tx, id),
            examples=bulk.items(tx, id, states, limit=examples, newest_first=True),
        )


def items(
    database: Database,
    id: int,
    states: Sequence[str] = (),
    *,
    after: int = 0,
    limit: int = 50,
) -> Sequence[Mapping[str, Any]]:
    """Its items, in the order in which they are done. Raises NoSuchBulk."""
    shown(database, id)
    with database.read() as tx:
        return bulk.items(tx, id, states, after=after, limit=limit)


def _bulk(row: Mapping[str, Any], counts: Mapping[str, int]) -> Bulk:
    names = "id act words options person reason state planned_at started_at ended_at"
    return Bulk(
        **{name: row[name] for name in names.split()},
        rate=1_000 / row["wait"] if row["wait"] else RATE,
        counts=counts,
    )
