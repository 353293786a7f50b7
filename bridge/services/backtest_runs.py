"""Backtests that a page or the API starts: one at a time, in a process of its own with low priority.

Asking rules takes the interpreter, and the process that serves pages also takes in events: so it only starts the
process, notes its progress, and keeps the result. `backtest_process.py` is the other side.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bridge import processes
from bridge.errors import BridgeError
from bridge.greenlets import later, off_the_loop
from bridge.mapping import Ruleset
from bridge.model import Json
from bridge.services import drafts, filters, ruleset_versions
from bridge.services.drafts import BadDraft, Draft
from bridge.services.parts import Parts
from bridge.store import Database, backtested, backtests
from bridge.strict import json

MOST = 20_000  # events of one run: a minute or two
SECONDS = 600.0
AGAINST = ("stored", "current")
# Seconds between two notes of its progress.
_NOTES = 1.0


class NotNow(BridgeError):
    """A run that cannot begin, because another is under way."""

    reason = "busy"
    status = 409


class NoSuchRun(BridgeError):
    """A number that no run has."""

    reason = "no_such_run"
    status = 404
    exit_code = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Which rules, and which events. Rules are a draft, an earlier ruleset by its hash, or those in force."""

    draft: Draft = Draft()
    ruleset: str = ""
    words: str = "since:7d"
    against: str = "stored"
    sample: int = 5_000


def start(parts: Parts, asked: Asked, person: str, *, now: datetime) -> int:
    """Begins a run and gives its number. Raises BadDraft, BadFilter, NotNow and UnknownRuleset."""
    if asked.against not in AGAINST:
        raise BadDraft(f"'{asked.against}' is not a side: one of {', '.join(AGAINST)}")
    active = parts.rules.current()
    where = filters.parse(asked.words, "events", now)
    given, patch = off_the_loop(lambda: _rules(parts.database, active, asked))
    with parts.database.read() as tx:
        window = off_the_loop(lambda: backtested.window(tx, where))
    sample = min(max(asked.sample, 1), MOST)
    about: dict[str, Json] = {
        "words": asked.words,
        "against": asked.against,
        "sample": sample,
        "file": asked.draft.file,
        "ruleset": asked.ruleset,
    }
    total = min(window.count, sample)
    id = parts.database.write(
        lambda tx: backtests.begin(tx, about, patch, person, total, now)
    )
    if id is None:
        raise NotNow("another backtest is running: wait for it, or cancel it")
    order = {
        "database": parts.database.url.render_as_string(hide_password=False),
        "texts": given,
        "active": dict(active.texts),
        "visible": drafts.visible(active),
        "environment": parts.settings.environment,
        "max_rendered": parts.settings.max_rendered,
        "now": now.isoformat(),
        **about,
    }
    later(0, lambda: _attend(parts.database, id, order))
    return id


def cancel(database: Database, id: int, *, now: datetime) -> None:
    """Ends a run that is under way; its process stops within a second or two. Raises NoSuchRun."""
    shown(database, id, now=now)
    database.write(lambda tx: backtests.end(tx, id, "cancelled", None, "", now))


def shown(database: Database, id: int, *, now: datetime) -> Mapping[str, Any]:
    """One run with its result. Raises NoSuchRun."""
    with database.read() as tx:
        row = backtests.load(tx, id)
    if row is None:
        raise NoSuchRun(f"there is no backtest {id}: only the newest ones are kept")
    return _alive(row, now)


def listed(database: Database, *, now: datetime) -> tuple[Mapping[str, Any], ...]:
    """The newest runs, without their results."""
    with database.read() as tx:
        rows = backtests.newest(tx)
    return tuple(_alive(row, now) for row in rows)


def _alive(row: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    if row["state"] == "running" and row["seen_at"] < now - backtests.LOST:
        message = "the bridge stopped while it ran: start it again"
        return {**row, "state": "failed", "message": message}
    return row


def _rules(
    database: Database, active: Ruleset, asked: Asked
) -> tuple[dict[str, str], str]:
    """The texts of the rules to try, and what they change in those in force."""
    if asked.ruleset:
        _, given = ruleset_versions.texts(database, asked.ruleset)
        given = dict(given)
    else:
        given = drafts.texts(active, asked.draft)
    loaded = drafts.build(active, given)
    if loaded.ruleset is None:
        errors = [one for one in loaded.findings if one.severity == "error"]
        raise BadDraft(f"the draft has {len(errors)} errors: {errors[0].message}")
    changed = ruleset_versions.compared(active.texts, given)
    return given, "".join(f"{line}\n" for one in changed for line in one.lines)


def _attend(database: Database, id: int, order: Mapping[str, Any]) -> None:
    """Runs the process and notes what it says, until it ends or is no longer wanted."""
    environ = {
        name: value for name, value in os.environ.items() if name != processes.FOLDER
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "bridge.services.backtest_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
    )
    try:
        result = _followed(database, id, order, child)
    except Exception as error:
        state, kept, message = "failed", None, f"it failed ({type(error).__name__})"
    else:
        state = "finished" if result else "failed"
        kept, message = result, "" if result else "its process ended without a result"
    finally:
        child.kill()
        child.wait()
    now = datetime.now(UTC)
    database.write(lambda tx: backtests.end(tx, id, state, kept, message, now))


def _followed(
    database: Database,
    id: int,
    order: Mapping[str, Any],
    child: "subprocess.Popen[bytes]",
) -> Any:
    """The result; None if the process ended without one, or the run was cancelled."""
    assert child.stdin and child.stdout
    with child.stdin, child.stdout:
        child.stdin.write(json.dumps(order) + b"\n")
        child.stdin.flush()
        noted = time.monotonic()
        for line in child.stdout:
            said = json.loads(line)
            assert isinstance(said, dict)
            if "result" in said:
                return said["result"]
            if time.monotonic() - noted >= _NOTES:
                noted = time.monotonic()
                if not database.write(_noting(id, said["done"])):
                    return None
    return None


def _noting(id: int, done: Any) -> Callable[[Any], bool]:
    return lambda tx: backtests.progress(tx, id, int(done), datetime.now(UTC))
