"""Forgets what was kept long enough, beside a worker: a pass every few hours, one worker at a time over all hosts."""

import random
from collections import Counter
from collections.abc import Callable

from bridge import log
from bridge.errors import StoreUnavailable
from bridge.greenlets import patched
from bridge.settings import Settings
from bridge.store import Database, clock, retention
from bridge.store.retention import Keep

EVERY = 6 * 3600.0  # seconds between passes: what is kept is counted in days
FIRST = 300.0  # seconds after the start, at most: hosts that start together take turns

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
    with database.read() as connection:
        now = clock(connection)
    return retention.forget(database, keep, now, sleep)


def _run(
    database: Database, settings: Settings, sleep: Callable[[float], None]
) -> None:
    sleep(random.uniform(0, FIRST))
    while True:
        try:
            done = forget(database, settings, sleep)
            if done:
                _log.info(
                    "forgotten",
                    **{name.replace(" ", "_"): n for name, n in done.items()}
                )
        except StoreUnavailable as error:
            _log.error("not forgotten, the next pass will", error=str(error))
        except Exception as error:  # the next pass is worth a try, whatever this was
            _log.error("not forgotten", error=type(error).__name__, exc_info=True)
        sleep(EVERY)
