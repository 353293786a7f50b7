"""Room for large bodies: how many bytes of them one process holds at once.

Nobody is proven while a body is read, so what strangers send must not fill the memory either. Up to BRIDGE_MAX_BODY a
body needs no room, because connections are bounded. What is larger waits for room here, in all and by address: one
address cannot have more than half of it, so that nobody has it to himself.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bridge.errors import Busy

ROOM = 64 * 2**20  # bytes of large bodies at once
EACH = ROOM // 2  # of one address
_AGAIN = 0.1  # seconds between looks


class Room:
    """What is held now, by address."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()

    @contextmanager
    def held(self, address: Callable[[], str]) -> Iterator["Share"]:
        """What one request holds until it is done with; `address` tells who sends it."""
        share = Share(self, address)
        try:
            yield share
        finally:
            if share.size:
                self._give(address(), share.size)

    def take(self, address: str, size: int) -> bool:
        """Whether there was room for so many bytes more; then they are taken."""
        mine = self._held[address] + size
        if mine > EACH or self._held.total() + size > ROOM:
            return False
        self._held[address] = mine
        return True

    def _give(self, address: str, size: int) -> None:
        self._held[address] -= size
        if not self._held[address]:
            del self._held[address]


class Share:
    """The room of one request."""

    def __init__(self, room: Room, address: Callable[[], str]) -> None:
        self._room, self._address = room, address
        self.size = 0

    def take(self, size: int, until: float) -> None:
        """Waits for room for so many bytes until a time.monotonic(). Raises Busy: the sender may send it again."""
        while not self._room.take(self._address(), size):
            if time.monotonic() + _AGAIN > until:
                raise Busy("too many large requests at once: send it again")
            time.sleep(_AGAIN)
        self.size += size
