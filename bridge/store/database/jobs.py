"""Jobs that wait for a commit: bounded in number, taken in fair shares, and dropped once nobody waits for them.

Each source has a line of its own. A commit takes one job of every line, whatever it weighs, and then more of them in
turn while they fit. So nobody waits for more than the commit that runs and one more, however much another one sends.

The loop puts jobs in, the writer's thread takes them out. A job is in one hand only: whoever gives up takes it back, or
finds that it was taken and may be committed.
"""

import time
from collections import OrderedDict, deque
from contextlib import AbstractContextManager
from typing import Any

from bridge.errors import StoreUnavailable

# What one commit takes bounds how long it holds the lock. A job weighs its events, or its bytes if those are more.
MAX_JOBS = 200
MAX_WEIGHT = 1_000
BYTES_PER_EVENT = 4_096
# What may wait. A line may have as much as is still free, so that one source alone fills half of it.
MAX_WAITING = 4_000
MAX_BYTES = 64 * 1024 * 1024
# Jobs that nobody waits for.
MAX_SOON = 20
OVERDUE = 5.0  # seconds until they have a commit of their own on a busy store

_FULL = "too much waits for the store; nothing was accepted, send it again"


class Entry:
    """A job in its line. `who` is the line; `size` is bytes; `gone` says that its caller gave up."""

    __slots__ = ("gone", "job", "number", "result", "since", "size", "weight", "who")

    def __init__(self, job: Any, result: Any = None) -> None:
        self.job, self.result = job, result
        self.who: str = getattr(job, "who", "")
        self.size: int = getattr(job, "size", 0)
        weight: int = getattr(job, "weight", 1)
        self.weight = max(weight, self.size // BYTES_PER_EVENT)
        self.number, self.since, self.gone = 0, 0.0, False


class _Line:
    """One source's jobs, oldest first."""

    __slots__ = ("entries", "size")

    def __init__(self) -> None:
        # A dict alone would pass by all that left it, each time its first is asked for.
        self.entries: OrderedDict[Entry, None] = OrderedDict()
        self.size = 0


class Waiting:
    """The lines. `mutex` is held for microseconds, by the loop and by a native thread: never a greenlet's own lock."""

    def __init__(self, mutex: AbstractContextManager[Any]) -> None:
        self._mutex = mutex
        self._lines: OrderedDict[str, _Line] = OrderedDict()  # who is next stands first
        self._soon: deque[Entry] = deque()
        self._count = self._size = self._numbers = 0

    def __len__(self) -> int:
        return self._count + len(self._soon)

    def put(self, entry: Entry, *, limited: bool) -> None:
        """Adds a job. Raises StoreUnavailable where it is limited and there is no room."""
        with self._mutex:
            line = self._lines.get(entry.who)
            if limited and self._count:
                self._require_room(line, entry.size)
            if line is None:
                line = self._lines[entry.who] = _Line()
            self._numbers += 1
            entry.number = self._numbers
            line.entries[entry] = None
            line.size += entry.size
            self._count += 1
            self._size += entry.size

    def put_soon(self, entry: Entry) -> None:
        """Adds a job that rides with nobody and delays nobody; drops it where enough of them wait."""
        entry.since = time.monotonic()
        with self._mutex:
            if len(self._soon) < MAX_SOON:
                self._soon.append(entry)

    def give_up(self, entry: Entry) -> bool:
        """Takes a job back, so that it is never done; False where it was taken, and may be done."""
        with self._mutex:
            entry.gone = True
            line = self._lines.get(entry.who)
            if line is None or entry not in line.entries:
                return False
            self._leave(line, entry)
            return True

    def take(self) -> list[Entry]:
        """What the next commit does, oldest first; it is this caller's from here on."""
        with self._mutex:
            overdue = self._soon and time.monotonic() - self._soon[0].since > OVERDUE
            if overdue or not self._count:
                soon, self._soon = [*self._soon], deque()
                return soon
            return sorted(self._fair_share(), key=_number)

    def _require_room(self, line: _Line | None, size: int) -> None:
        free, room = MAX_WAITING - self._count, MAX_BYTES - self._size
        own = len(line.entries) if line else 0
        if free <= 0 or room <= 0:
            raise StoreUnavailable(_FULL)
        if line and (own >= free or line.size + size > room):
            raise StoreUnavailable(_FULL)

    def _fair_share(self) -> list[Entry]:
        taken: list[Entry] = []
        turns = deque(self._lines.items())
        heads, weight = len(turns), 0
        while turns and len(taken) < MAX_JOBS:
            who, line = turns.popleft()
            first = next(iter(line.entries))
            heads -= 1
            if heads < 0 and weight + first.weight > MAX_WEIGHT:
                continue  # this line had its job, and the next one is too heavy
            self._leave(line, first)
            taken.append(first)
            weight += first.weight
            if line.entries:
                self._lines.move_to_end(who)
                turns.append((who, line))
        return taken

    def _leave(self, line: _Line, entry: Entry) -> None:
        del line.entries[entry]
        line.size -= entry.size
        self._count -= 1
        self._size -= entry.size
        if not line.entries:
            del self._lines[entry.who]


def _number(entry: Entry) -> int:
    return entry.number
