"""One client, as gunicorn's socket: how long it may stay.

A connection on which nobody was proven lives for `seconds` in all. After a request whose sender was proven (`prove`)
the next one has as much time again. Whatever is refused ends it. Knows nothing of sources and events.
"""

import errno
import socket
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
    """Entered while it may send a head. `lingers`: its client may be sending still when it is closed."""

    lingering: ClassVar[int] = 0  # how many do

    def __init__(self, greenlet: gevent.Greenlet, client: Any, seconds: float) -> None:
        super().__init__(client, seconds)
        self._greenlet = greenlet
        self._opened, self._requests = self.since, 0
        self._in_head = self._leaving = False
        self._proven = False  # the sender of the newest request
        self.lingers = False
        self.request: Any = None  # gunicorn's, once its head is read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def __enter__(self) -> None:
        if self._proven:
            self._opened = time.monotonic()
        elif self._requests:
            gevent.sleep(0)  # a proven one waited for its commit
        self.begin(self._opened + self._seconds, renewed=self._proven)
        self._requests += 1
        self._in_head, self._proven = True, False

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._in_head = False

    def recv(self, size: int) -> bytes:
        """As a socket's: of the head, or of the body."""
        return self.head(size) if self._in_head else self.body(size)

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """As a socket's, within the request's time, or GRACE for each piece: a client that reads nothing is left."""
        for at in range(0, len(data), PIECE):
            left = self.until - time.monotonic()
            self._client.settimeout(max(left, GRACE))
            try:
                self._client.sendall(data[at : at + PIECE], flags)
            except TimeoutError:
                # To gunicorn it is a client that went away, about which it says nothing.
                raise BrokenPipeError(errno.EPIPE, "it reads nothing") from None

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

    def answer(self, status: str) -> None:
        """Decides, before an answer of this status, whether the connection goes on after it."""
        whole = _is_whole(self.request.body)
        if status[0] in "45" or not whole or not self._may_stay():
            self.request.force_close()
            self.lingers = not whole or self.has_unread()

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


def _is_whole(body: Any) -> bool:
    """Whether gunicorn has read a request's body to its end."""
    reader = body.reader
    unread: int = getattr(reader, "length", 0)
    return unread == 0 and getattr(reader, "parser", None) is None
