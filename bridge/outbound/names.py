"""The addresses of hosts. Names that nobody answers for hold up their own host's calls and no others.

A resolver takes no time-out and may hang for a minute, or for ever: each look-up has a thread of its own, which is
counted by host and in all, and given up in time. Says what was found, and judges no address.
"""

import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from bridge.greenlets import patched

PATIENCE = 10.0  # seconds after which a look-up is given up, and another may begin
KEPT = 5.0  # seconds
MAX_PER_HOST = 3  # threads; one where half of all are busy, so that a few hosts leave some for many
MAX_IN_ALL = 128
_IDLE = 30.0  # seconds


@dataclass(slots=True)
class _Lookup:
    until: float  # a time.monotonic(); afterwards a new one takes its place, where a thread is left
    done: threading.Event = field(default_factory=threading.Event)
    addresses: list[str] | None = None


class Names:
    """Looks names up for a whole process: each once at a time, and not again within KEPT seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, _Lookup] = {}
        self._running: Counter[str] = Counter()

    def find(self, host: str, seconds: float) -> list[str] | None:
        """The addresses in the resolver's order, none for an unknown name; None where they were not found in time."""
        lookup = self._current(host)
        if lookup and lookup.done.wait(min(seconds, PATIENCE)):
            return lookup.addresses
        return None

    def _current(self, host: str) -> _Lookup | None:
        """The look-up to wait for: a new one, where the last is too old and its host has threads left."""
        with self._lock:
            now = time.monotonic()
            held = self._held.get(host)
            if held and now < held.until:
                return held
            if self._running[host] >= self._allowed():
                return held
            self._forget(now)
            started = self._held[host] = _Lookup(until=now + PATIENCE)
            self._running[host] += 1
        _own_pool()
        try:
            threading.Thread(
                target=self._run, args=(host, started), daemon=True
            ).start()
        except RuntimeError:  # the machine has no thread left
            self._end(host, started, None)
        return started

    def _allowed(self) -> int:
        """How many threads a host may have now."""
        in_all = self._running.total()
        if in_all >= MAX_IN_ALL:
            return 0
        return 1 if in_all >= MAX_IN_ALL // 2 else MAX_PER_HOST

    def _forget(self, now: float) -> None:
        self._held = {host: one for host, one in self._held.items() if now < one.until}

    def _run(self, host: str, lookup: _Lookup) -> None:
        addresses = None
        try:
            addresses = _resolve(host)
        finally:
            self._end(host, lookup, addresses)

    def _end(self, host: str, lookup: _Lookup, addresses: list[str] | None) -> None:
        with self._lock:
            lookup.addresses = addresses
            lookup.until = time.monotonic() + KEPT if addresses else 0.0
            self._running[host] -= 1
            self._running += Counter()  # drops those at 0
        lookup.done.set()


def _resolve(host: str) -> list[str] | None:
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    except RuntimeError:  # gevent asks in a thread, and the machine has none left
        return None
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _own_pool() -> None:
    """Gives gevent's resolver threads of its own.

    It shares ten with all long work otherwise, and even connecting to an address asks it: what connects must find a
    thread when all look-ups hang.
    """
    if not patched("socket"):
        return
    from gevent import get_hub
    from gevent.threadpool import ThreadPool

    hub = get_hub()
    if getattr(hub.resolver, "pool", None) is hub.threadpool:
        hub.resolver.pool = ThreadPool(2 * MAX_IN_ALL, hub=hub, idle_task_timeout=_IDLE)
