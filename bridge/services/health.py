"""The answer of /readyz: whether this process accepts requests, and with which rules."""

import threading
import time
from collections.abc import Callable
from typing import Any

from bridge import processes
from bridge.errors import StoreUnavailable
from bridge.mapping.findings import concise
from bridge.services.rulesets import Active
from bridge.store import Database, views

# Seconds that an answer is reused.
FRESH = 1.0
# HTTP status and body.
Report = tuple[int, dict[str, Any]]


def ready(database: Database, active: Active, min_free: int) -> Report:
    """HTTP status and report. A bad mapping folder, or a worker that keeps crashing, is only `degraded`: events are
    still accepted. Whatever makes receivers answer 503 is `unavailable`.
    """
    dying = processes.dying()
    report: dict[str, Any] = {
        "status": "degraded" if active.degraded or dying else "ok",
        "ruleset": active.ruleset.hash,
        "errors": [concise(error) for error in active.errors] + dying,
    }
    try:
        with database.read() as tx:
            report["unrouted"] = views.count_unrouted(tx)
            report["parked"] = [row["name"] for row in views.parked(tx)]
        database.require_room(min_free)
        database.require_in_place()
    except StoreUnavailable as error:
        return 503, {**report, "status": "unavailable", "reason": str(error)}
    return 200, report


class Glance:
    """The status without details, which anybody may ask for; looked up at most once a second."""

    def __init__(self, look: Callable[[], Report]) -> None:
        self._look, self._mutex = look, threading.Lock()
        self._seen: Report | None = None
        self._at = 0.0

    def __call__(self) -> Report:
        """As `ready`, without its details."""
        with self._mutex:
            if self._seen is None or time.monotonic() - self._at > FRESH:
                status, report = self._look()
                self._seen = status, {"status": report["status"]}
                self._at = time.monotonic()
            return self._seen
