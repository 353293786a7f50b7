"""Gunicorn's gevent worker, that stops without being noticed by who is just asking, and waits for nobody too long.

Four things more than gunicorn does. A keep-alive connection that says nothing, which every proxy holds, does not delay
a restart; a request that is on its way is never cut off for that; a connection that the kernel had taken in before the
listener closed is served, not reset; and head, body and what is left of a body that nobody read share one time limit.
"""

import array
import fcntl
import termios
import time
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

_BETWEEN = 0.2  # seconds that a stopping receiver leaves a kept connection for its next request
_FIRST = 2.0  # seconds that it leaves a new connection for its first one


class Receiver(GeventWorker):  # type: ignore[misc]
    """Knows which of its connections wait for a request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: dict[gevent.Greenlet, _Connection] = {}
        self._sweep: Any = None

    def server_class(self, listener: Any, *, spawn: Pool, **_: Any) -> "_Server":
        """What gunicorn calls for something that accepts connections."""
        handle = partial(self.handle, _Address(listener.getsockname()))
        server = _Server(listener, handle=handle, spawn=spawn)
        if self.cfg.workers > 1:
            server.max_accept = 1  # the next one is left to its neighbours
        return server

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """All requests of one connection."""
        greenlet = gevent.getcurrent()
        connection = _Connection(greenlet, client, self.cfg.keepalive)
        self.connections[greenlet] = connection
        try:
            super().handle(listener, connection, addr)
        finally:
            del self.connections[greenlet]

    def timeout_ctx(self) -> "_Connection":
        """What gunicorn enters while it waits for a request's head."""
        return self.connections[gevent.getcurrent()]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: as gunicorn does, and ends the connections that say nothing."""
        super().handle_exit(sig, frame)
        if self._sweep is None:
            # A timer runs in gevent's hub: nothing else can wake a connection between the look at it and its end.
            self._sweep = gevent.get_hub().loop.timer(_BETWEEN, _BETWEEN)
            self._sweep.start(self._end_silent)

    def _end_silent(self) -> None:
        for connection in list(self.connections.values()):
            if connection.is_silent():
                connection.end()


class _Server(StreamServer):  # type: ignore[misc]
    """Closing takes in what the kernel had accepted already: closing the listener alone would reset that."""

    def close(self) -> None:
        """Stops listening."""
        while not self.closed and (taken := self.do_read()):
            self.do_handle(*taken)
        super().close()


@dataclass(frozen=True)
class _Address:
    """What gunicorn asks a listener for at each new connection, and gets no more once the listener is closed."""

    name: Any

    def getsockname(self) -> Any:
        """The address as the operating system writes it."""
        return self.name


class _Connection:
    """One client, as gunicorn's socket; entered while it may send a head.

    `since` is when the request that is read came in with its first byte: what bounds the body starts there, too. What a
    request leaves unread, gunicorn drops before it waits for the next one; that has the rest of this request's time.
    `end` cuts a wait short as if its time were over.
    """

    def __init__(self, greenlet: gevent.Greenlet, client: Any, seconds: float) -> None:
        self._greenlet, self._client, self._seconds = greenlet, client, seconds
        self._timeout: gevent.Timeout | None = None  # while it is entered
        self._patience = _FIRST
        self.since, self._heard = time.monotonic(), False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def recv(self, size: int) -> bytes:
        """What came in, as a socket gives it."""
        received: bytes = self._client.recv(size)
        if not self._heard:
            self.since, self._heard = time.monotonic(), True
        return received

    def __enter__(self) -> None:
        now = time.monotonic()
        left = max(self.since + self._seconds - now, _BETWEEN)
        self.since, self._heard = now, False
        self._timeout = gevent.Timeout.start_new(left, False)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        ended, self._timeout = self._timeout, None
        assert ended is not None
        ended.close()
        self._patience = _BETWEEN
        return error is ended

    def is_silent(self) -> bool:
        """Whether it has had its time, and nothing that it sent stands unread."""
        if self._timeout is None or time.monotonic() - self.since < self._patience:
            return False
        unread = array.array("i", [0])
        fcntl.ioctl(self._client.fileno(), termios.FIONREAD, unread)
        return unread[0] == 0

    def end(self) -> None:
        """Ends the wait. For the hub only: any other caller would never run again."""
        self._greenlet.throw(self._timeout)
