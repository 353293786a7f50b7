"""Pause and resume by source, rule, connection and ticket. Receiving and routing continue."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bridge.did_you_mean import did_you_mean
from bridge.errors import BridgeError
from bridge.mapping import Ruleset
from bridge.model import Connection
from bridge.store import Database, Transaction, audit, pauses, selecting, views
from bridge.store.audit import By
from bridge.store.pauses import Scope


class NoSuchName(BridgeError):
    """A name to pause that does not exist."""

    reason = "no_such_name"
    exit_code = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopped:
    """One thing that stops deliveries: a pause, a parked connection, or one whose calls fail."""

    what: str
    # paused, parked or failing
    kind: str
    since: datetime
    # "" if its vendor caused it.
    by: str
    reason: str
    # The command that resumes it.
    resume: str
    # What to name to resume it: what was paused, or else the connection.
    scope: Scope | None = None
    connection: str = ""


def pause(
    database: Database, scope: Scope, by: By, rules: Ruleset | None = None
) -> bool:
    """Pauses what matches a scope, on all hosts; False if exactly this was already paused.

    A connection of `rules` stays paused when it is renamed, because the pause stores its account.
    """
    accounts = {
        one.account
        for one in (_connections(rules) if rules else ())
        if one.name == scope.connection
    }
    add = partial(pauses.add, accounts=accounts)
    return _change(database, scope, by, "pause", add)


def _connections(rules: Ruleset) -> Iterator[Connection]:
    yield from rules.connections.values()
    yield from (rule.connection for rule in rules.rules)
    fetches = (source.fetch for source in rules.sources.values())
    yield from (fetch.rule.connection for fetch in fetches if fetch)


def resume(database: Database, scope: Scope, by: By) -> bool:
    """Resumes a scope; False if exactly this was not paused."""
    return _change(database, scope, by, "resume", _remove)


def listed(database: Database) -> list[Stopped]:
    """Everything that is paused, parked or failing, pauses first."""
    with database.read() as tx:
        paused, parked = pauses.listed(tx), views.parked(tx)
        failing = views.failing(tx)
    return [*map(_paused, paused), *map(_parked, parked), *map(_failing, failing)]


def check(database: Database, scope: Scope, rules: Ruleset) -> None:
    """Raises NoSuchName for a name that no rule and no delivery has: a typo would silently pause nothing."""
    names = {
        "source": rules.sources,
        "rule": [rule.id for rule in rules.rules],
        "connection": [one.name for one in _connections(rules)],
    }
    for column, value in scope.as_mapping().items():
        if column not in names or value in names[column]:
            continue
        with database.read() as tx:
            known = selecting.mentions(tx, column, value)
        if not known:
            near = did_you_mean(value, names[column])
            hint = f": {near}" if near else ""
            raise NoSuchName(f"there is no {column} '{value}'{hint}")


def options(scope: Scope) -> str:
    """The options of `bridge pause` and `bridge resume` for a scope."""
    said = (
        f"--{name} {shlex.quote(value)}" for name, value in scope.as_mapping().items()
    )
    return " ".join(said) or "--all"


def _change(
    database: Database,
    scope: Scope,
    by: By,
    action: str,
    change: Callable[[Transaction, Scope, By, datetime], bool],
) -> bool:
    now = datetime.now(UTC)

    def job(tx: Transaction) -> bool:
        changed = change(tx, scope, by, now)
        if changed:
            audit.record(tx, by, action, {**scope.as_mapping()}, now)
        return changed

    return database.write(job)


def _remove(tx: Transaction, scope: Scope, by: By, now: datetime) -> bool:
    return pauses.remove(tx, scope)


def _paused(row: Mapping[str, Any]) -> Stopped:
    scope = pauses.scope_of(row)
    return Stopped(
        what=str(scope),
        kind="paused",
        since=row["since"],
        by=row["person"],
        reason=row["reason"],
        resume=f"bridge resume {options(scope)}",
        scope=scope,
    )


def _parked(row: Mapping[str, Any]) -> Stopped:
    return Stopped(
        what=f"connection {row['label']}",
        kind="parked",
        since=row["since"],
        by="",
        reason=row["reason"],
        resume=f"bridge resume {shlex.quote(row['label'])}",
        connection=row["label"],
    )


def _failing(row: Mapping[str, Any]) -> Stopped:
    at = row["probe_at"]
    probe = f"; next try at {at:%Y-%m-%d %H:%M:%SZ}" if at else ""
    return Stopped(
        what=f"connection {row['label']}",
        kind="failing",
        since=row["broken_at"],
        by="",
        reason=f"{row['failures']} calls in a row failed{probe}",
        resume=f"bridge resume {shlex.quote(row['label'])}",
        connection=row["label"],
    )
