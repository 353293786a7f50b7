"""Forgets what was kept long enough, beside a worker: a pass every few hours, one worker at a time over all hosts.

A clock that leaps ahead while the process runs forgets nothing; one that was wrong at its start is believed.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from bridge import log
from bridge.errors import StoreUnavailable
from bridge.greenlets import patched
from bridge.settings import Settings
from bridge.store import Database, clock, retention
from bridge.store.retention import Keep

EVERY = 6 * 3600.0  # seconds between passes: what is kept is counted in days
FIRST = 300.0  # seconds after the start, at most: hosts that start together take turns

LEAP = 86_400.0  # seconds that a clock may gain on the one that nobody sets
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux: sleep counts

_log = log.get("worker")


def start(database: Database, settings: Settings) -> None:
    """Starts in a greenlet of this process; without gevent, as in a command, nothing is forgotten."""
    if not patched("time"):
        return
    import gevent

    gevent.spawn(_run, database, settings, gevent.sleep)


def forget(
    database: Database, settings: Settings, sleep: Callable[[float], None]
) -> Counter[str]:
    """One pass; what was forgotten, by name."""
    keep = Keep(
        payloads=settings.keep_payloads,
        events=settings.keep_events,
        ledger=settings.keep_ledger,
    )
    return retention.forget(database, keep, _now(database), sleep)


def _now(database: Database) -> datetime:
    with database.read() as tx:
        return clock(tx)


def _gained(database: Database) -> float:
    """How far the store's clock is ahead of this host's time since its start: the same at every pass."""
    return _now(database).timestamp() - time.clock_gettime(_BOOT)


def _run(
    database: Database, settings: Settings, sleep: Callable[[float], None]
) -> None:
    sleep(random.uniform(0, FIRST))
    first: float | None = None
    while True:
        try:
            gained = _gained(database)
            first = gained if first is None else first
            if gained - first > LEAP:
                # Everything would look old, and what is forgotten does not come back.
                _log.error(
                    "not forgotten: the clock leapt ahead, restart if it is right"
                )
            elif done := forget(database, settings, sleep):
                _log.info(
                    "forgotten",
                    **{name.replace(" ", "_"): n for name, n in done.items()},
                )
        except StoreUnavailable as error:
            _log.error("not forgotten, the next pass will", error=str(error))
        except Exception as error:  # the next pass is worth a try, whatever this was
            _log.error("not forgotten", error=type(error).__name__, exc_info=True)
        sleep(EVERY)
