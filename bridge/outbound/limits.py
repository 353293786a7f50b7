"""How fast calls may start: a number at once and a number per second for each connection, within this process.

Never sleeps and reads no clock: `now` is given, and the caller waits in its own way.
"""

import threading

CONCURRENCY = 4  # calls at once where a connection says nothing


class Pace:
    """Counts the calls of each connection name. Moments are seconds of any clock that never goes back."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def slots(self, name: str, concurrency: int = CONCURRENCY) -> int:
        """How many more calls may run at once."""
        with self._lock:
            return max(concurrency - self._running.get(name, 0), 0)

    def wait(self, name: str, rate: float | None, now: float) -> float:
        """Seconds until the next call may start; 0 when it may now, or when there is no rate."""
        with self._lock:
            return max(self._next.get(name, now) - now, 0.0) if rate else 0.0

    def acquire(self, name: str, rate: float | None, now: float) -> None:
        """Counts a call that starts. At `rate` per second calls are spaced evenly: no burst after a quiet time."""
        with self._lock:
            self._running[name] = self._running.get(name, 0) + 1
            if rate:
                self._next[name] = max(self._next.get(name, now), now) + 1 / rate

    def release(self, name: str) -> None:
        """Counts a call that ended, however it ended."""
        with self._lock:
            left = self._running[name] - 1
            if left:
                self._running[name] = left
            else:
                del self._running[name]
