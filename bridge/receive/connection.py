"""One client: how long it may stay.

A connection on which nobody was proven lives for `seconds` in all. After a request whose sender was proven (`prove`)
the next one has as much time again. Whatever is refused ends it. Knows nothing of sources and events.
"""

import socket
import ssl
import time
from typing import Any, ClassVar

import gevent

from bridge.receive.stream import PIECE, Ended, Stream

GRACE = 2.0  # seconds that an answer has at least, and each further piece of it
_FIRST, _BETWEEN = 2.0, 0.2  # seconds of patience while the receiver stops
LINGERING = 50  # connections at once, after answers that came before all was read
_LINGER = 1.0  # seconds of each
_DROPPED = 256 * 1024  # bytes at once of what nobody reads any more
_PAUSE = 0.01  # seconds between


class Connection(Stream):
    """`lingers`: its client may be sending still when it is closed."""

    lingering: ClassVar[int] = 0  # how many do

    def __init__(self, greenlet: gevent.Greenlet, client: Any, seconds: float) -> None:
        super().__init__(client, seconds)
        self._greenlet = greenlet
        self._opened, self._requests = self.since, 0
        self._in_head = self._leaving = False
        self._proven = False  # the sender of the newest request
        self._sealed = self.lingers = False

    def secure(self, context: ssl.SSLContext) -> None:
        """Speaks TLS from here on. Raises OSError where its client does not, or not in time."""
        self._client = context.wrap_socket(
            self._client, server_side=True, do_handshake_on_connect=False
        )
        self._sealed = self.waits = True
        try:
            with gevent.Timeout(self._seconds, TimeoutError):
                self._client.do_handshake()
        except Ended:
            raise TimeoutError from None
        finally:
            self.waits = False

    def next_head(self) -> bytes:
        """The head of its next request, as Stream.head says."""
        if self._proven:
            self._opened = time.monotonic()
        elif self._requests:
            gevent.sleep(0)  # a proven one waited for its commit
        self.begin(self._opened + self._seconds, renewed=self._proven)
        self._requests += 1
        self._in_head, self._proven = True, False
        try:
            return self.head()
        finally:
            self._in_head = False

    def send(self, data: bytes) -> None:
        """All of it, within the request's time, or GRACE for each piece. Raises OSError where its client reads none."""
        for at in range(0, len(data), PIECE):
            left = self.until - time.monotonic()
            self._client.settimeout(max(left, GRACE))
            self._client.sendall(data[at : at + PIECE])

    def close(self) -> None:
        """Closes; who still sends has a moment to read its answer first, which a reset would take from it."""
        if self.lingers and Connection.lingering < LINGERING:
            Connection.lingering += 1
            try:
                self._linger()
            finally:
                Connection.lingering -= 1
        self._client.close()

    def prove(self) -> None:
        """The sender of the request that is being answered was proven, and it was taken."""
        self._proven = True

    def goes_on(self, status: str, *, wanted: bool, whole: bool) -> bool:
        """Whether it does after an answer of this status; `whole`: to a request of which all was read."""
        if wanted and whole and status[0] not in "45" and self._may_stay():
            return True
        self.lingers = not whole or self.has_unread()
        return False

    def is_silent(self) -> bool:
        """Whether it has had its time for a head, and nothing that it sent stands unread."""
        patience = _FIRST if self._requests < 2 else _BETWEEN
        if not self._in_head or time.monotonic() - self.since < patience:
            return False
        return not self.has_unread()

    def holds_a_place(self) -> bool:
        """Whether it only waits, and nobody was proven on it."""
        return self.waits and not self._renewed and not self._leaving

    def make_way(self) -> None:
        """Ends its wait soon."""
        self._leaving = True
        gevent.get_hub().loop.run_callback(self.end)

    def end(self) -> None:
        """Ends a wait as if its time were over. For the hub only: any other caller would never run again."""
        self._leaving = False
        if self.waits:
            self._greenlet.throw(Ended())

    def _receive(self, seconds: float) -> bytes:
        if not self._sealed:
            return super()._receive(seconds)
        with gevent.Timeout(seconds, TimeoutError):  # of a record in parts
            return super()._receive(seconds)

    def _may_stay(self) -> bool:
        """Without a proof: who asks one thing at a time, and not for long, as health checks do."""
        if self._proven:
            return True
        young = time.monotonic() - self._opened < self._seconds / 2
        return young and not self.has_unread()

    def _linger(self) -> None:
        """Says that nothing follows, and drops what still comes, for a moment."""
        now = time.monotonic()
        until = min(now + _LINGER, max(self.until, now + _BETWEEN))
        self.waits = True
        try:
            self._client.shutdown(socket.SHUT_WR)
            while (left := until - time.monotonic()) > 0:
                self._client.settimeout(left)
                if not self._client.recv(_DROPPED):
                    return
                gevent.sleep(_PAUSE)
        except (OSError, Ended):
            return
        finally:
            self.waits = False
