"""What every page shows of the bridge's health: dead letters, held deliveries, what is stopped. Reads only.

Cached for a few seconds, so that many open pages cost the store as much as one.
"""

import threading
import time
from dataclasses import dataclass

from bridge.errors import StoreUnavailable
from bridge.greenlets import off_the_loop
from bridge.services.parts import Parts
from bridge.state import State
from bridge.store import Database, pauses, views

# Seconds that a look is reused.
FRESH = 3.0
# Rows that are counted: the frame says "10,000" for more.
MOST = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """The numbers. `unavailable` is the reason if the store cannot be read; all others are zero then."""

    dead: int = 0
    held: int = 0
    paused: int = 0
    parked: int = 0
    # Findings of the mapping folder: if there are any, the last good rules are in force.
    findings: int = 0
    unavailable: str = ""


class Pulses:
    """The last look of this process."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._mutex = parts, threading.Lock()
        self._seen: Pulse | None = None
        self._at = 0.0

    def __call__(self) -> Pulse:
        """A look that is at most FRESH seconds old."""
        with self._mutex:
            if self._seen is None or time.monotonic() - self._at > FRESH:
                self._seen = off_the_loop(lambda: look(self._parts))
                self._at = time.monotonic()
            return self._seen

    def forget(self) -> None:
        """Looks again the next time, because somebody changed something."""
        self._seen = None


def look(parts: Parts) -> Pulse:
    """The numbers of now."""
    findings = len(parts.rules.active.errors)
    try:
        parts.database.require_in_place()
        return _read(parts.database, findings)
    except StoreUnavailable as error:
        return Pulse(findings=findings, unavailable=str(error))


def _read(database: Database, findings: int) -> Pulse:
    with database.read() as tx:
        return Pulse(
            dead=views.count_up_to(tx, State.DEAD, MOST),
            held=views.count_up_to(tx, State.HELD, MOST),
            paused=len(pauses.listed(tx)),
            parked=len(views.parked(tx)),
            findings=findings,
        )
