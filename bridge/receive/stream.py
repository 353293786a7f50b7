"""What one client sends, bounded in time and in turns of the loop.

A head is gathered whole before anybody parses it, so that no byte of it is looked at twice. Gevent does not switch
while bytes are there, so this does: between the pieces of a body, and for a while where they come byte by byte.

Knows HTTP only as far as its heads end in an empty line and its chunks in an end of line.
"""

import array
import fcntl
import re
import termios
import time
from typing import Any

import gevent

from bridge.errors import TooSlow
from bridge.receive.head import BadHead

HEAD = 32 * 1024  # bytes of a request line and its fields together
PIECE = 64 * 1024  # bytes that are read or sent at once
FREE_READS = 64  # reads of a request without a pause, besides one for each KiB
PAUSE = 0.02  # seconds: who sends byte by byte is listened to as often as this
TINY = 32  # ends of line in a piece of a chunked body that make it one of tiny chunks
SLICE = 512  # bytes of such a piece that are parsed at once, in a millisecond or less
SPACING = 0.003  # seconds between two such slices, whoever sends them: they take a third of the loop at most

_BARE_LF = re.compile(rb"(?<!\r)\n")


class Ended(Exception):
    """Thrown into a wait that shall end."""


class Stream:
    """One request after another. `until` is when the one that is read must be whole, by time.monotonic().

    `since` is when the wait for it began, or its first byte came; `waits` says that nothing is there now.
    """

    _next_slice = 0.0  # a time.monotonic(); all streams of the process share it

    def __init__(self, client: Any, seconds: float) -> None:
        self._client, self._seconds = client, seconds
        self._ahead = bytearray()  # received, and not given out yet
        self.waits = False
        self.begin(time.monotonic() + seconds, renewed=False)

    def begin(self, until: float, *, renewed: bool) -> None:
        """Expects a request's head; `renewed`: it has its full time from its first byte on."""
        self.since, self.until, self._renewed = time.monotonic(), until, renewed
        self._received = self._reads = self._parts = 0

    def head(self) -> bytes:
        """The whole head, its empty line included; b"" where the client says no more, or not in time.

        Raises BadHead for one over HEAD, and for one that cannot end well.
        """
        seen = 0
        try:
            while (end := self._ahead.find(b"\r\n\r\n", max(seen - 3, 0))) < 0:
                if len(self._ahead) > HEAD:
                    break
                if _BARE_LF.search(self._ahead, seen):
                    raise BadHead(400, "a line does not end in CR LF")
                seen = len(self._ahead)
                if not self._fill():
                    return b""
        except TooSlow:
            return b""
        if end < 0 or end + 4 > HEAD:
            raise BadHead(431, f"the head is larger than {HEAD} bytes")
        return self._take(end + 4)

    def body(self, size: int, *, chunked: bool = False) -> bytes:
        """Up to `size` bytes of what follows the head; b"" at the end. Raises TooSlow.

        Of tiny chunks it gives a slice, when it is this client's turn.
        """
        self._parts += 1
        if self._parts > 1:
            gevent.sleep(0)
        if not self._ahead and not self._fill():
            return b""
        if chunked and self._ahead.count(b"\r\n", 0, size) > TINY:
            size = min(size, SLICE)
            self._await_slice()
        return self._take(size)

    def give_back(self, data: bytes) -> None:
        """Puts bytes back that are the next request's."""
        self._ahead[:0] = data

    def has_unread(self) -> bool:
        """Whether more came in than was given out."""
        if self._ahead:
            return True
        unread = array.array("i", [0])
        try:
            fcntl.ioctl(self._client.fileno(), termios.FIONREAD, unread)
        except OSError:  # closed
            return False
        return unread[0] > 0

    def _await_slice(self) -> None:
        """Waits for the next free slice of the loop. Raises TooSlow where none is free in time."""
        now = time.monotonic()
        begins = max(Stream._next_slice, now)
        if begins > self.until:
            raise self._late()
        Stream._next_slice = begins + SPACING
        gevent.sleep(begins - now)

    def _late(self) -> TooSlow:
        return TooSlow(
            f"the request did not arrive completely within {self._seconds:g} s"
        )

    def _take(self, size: int) -> bytes:
        given = bytes(self._ahead[:size])
        del self._ahead[:size]
        return given

    def _fill(self) -> bool:
        """Waits for what comes next; False at the end. Raises TooSlow."""
        self._reads += 1
        self.waits = True
        try:
            if self._reads > FREE_READS + self._received // 1024:
                gevent.sleep(PAUSE)
            left = self.until - time.monotonic()
            if left <= 0:  # a read that need not wait is never late
                raise TimeoutError
            data = self._receive(left)
        except (TimeoutError, Ended):
            raise self._late() from None
        finally:
            self.waits = False
        if not self._received:
            self.since = time.monotonic()
            if self._renewed:
                self.until = self.since + self._seconds
        self._received += len(data)
        self._ahead += data
        return bool(data)

    def _receive(self, seconds: float) -> bytes:
        self._client.settimeout(seconds)
        data: bytes = self._client.recv(PIECE)
        return data
