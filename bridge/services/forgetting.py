"""Deletes what is older than its retention period: a pass every few hours, by one worker at a time on all hosts.

If the clock leaps ahead while the process runs, nothing is deleted; a clock that was wrong from the start is believed.
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
from bridge.store import Database, clock, keeping
from bridge.store.keeping import Keep

# Seconds between passes: retention is counted in days.
EVERY = 6 * 3600.0
# The first pass starts within so many seconds: hosts that start together take turns.
FIRST = 300.0
# Seconds that the clock may gain on the machine's uptime.
LEAP = 86_400.0
# On Linux, time asleep counts too.
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

_log = log.get("worker")


def start(database: Database, settings: Settings) -> None:
    """Starts in a greenlet; without gevent, as in a command, it does nothing."""
    if not patched("time"):
        return
    import gevent

    gevent.spawn(_run, database, settings, gevent.sleep)


def forget(
    database: Database, settings: Settings, sleep: Callable[[float], None]
) -> Counter[str]:
    """One pass; returns the numbers of deleted rows, by kind."""
    keep = Keep(
        payloads=settings.keep_payloads,
        events=settings.keep_events,
        ledger=settings.keep_ledger,
    )
    return keeping.forget(database, keep, _now(database), sleep)


def _now(database: Database) -> datetime:
    with database.read() as tx:
        return clock(tx)


def _gained(database: Database) -> float:
    """The difference between the store's clock and this host's uptime, which should be the same at every pass."""
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
                # Everything would look old, and deleted data does not come back.
                _log.error(
                    "nothing deleted: the clock leapt ahead; if it is right, restart the bridge"
                )
            elif done := forget(database, settings, sleep):
                _log.info(
                    "deleted",
                    **{name.replace(" ", "_"): n for name, n in done.items()},
                )
        except StoreUnavailable as error:
            _log.error("nothing deleted: the next pass tries again", error=str(error))
        # Whatever this was, the next pass is worth a try.
        except Exception as error:
            _log.error("nothing deleted", error=type(error).__name__, exc_info=True)
        sleep(EVERY)
