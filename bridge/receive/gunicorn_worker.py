"""Gunicorn's gevent worker, that stops without being noticed by who is just asking, and is nobody's alone.

Gunicorn keeps the process, and nothing of its HTTP is used: that is exchange.py. What this does besides gunicorn: a
keep-alive connection that says nothing, which every proxy holds, does not delay a restart; a request that is on its way
is never cut off for that; a connection that the kernel had taken in before the listener closed is served, not reset.
What one connection may take of time and turns is connection.py's affair; when most places are taken, those that only
hold one lose it.
"""

import ssl
from functools import partial
from types import FrameType
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from bridge.receive.connection import Connection
from bridge.receive.exchange import environment, serve

_SWEEP = 0.2  # seconds between looks at who is silent, while it stops


class Receiver(GeventWorker):  # type: ignore[misc]
    """Knows its connections."""

    wsgi: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: dict[gevent.Greenlet, Connection] = {}
        self._sweep: Any = None

    def server_class(
        self,
        listener: Any,
        *,
        spawn: Pool,
        ssl_context: ssl.SSLContext | None = None,
        **_: Any,
    ) -> "_Server":
        """What gunicorn calls for something that accepts connections."""
        # The name is asked for now: a closed listener has none, and serves what it had accepted.
        handle = partial(self.handle, listener.getsockname(), tls=ssl_context)
        server = _Server(listener, handle=handle, spawn=spawn)
        # One at a time: who comes next is left to neighbours, and those who came have a turn between.
        server.max_accept = 1
        return server

    def handle(
        self, name: Any, client: Any, addr: Any, tls: ssl.SSLContext | None = None
    ) -> None:
        """All requests of one connection."""
        greenlet = gevent.getcurrent()
        connection = Connection(greenlet, client, self.cfg.keepalive)
        self.connections[greenlet] = connection
        if len(self.connections) > self.cfg.worker_connections * 3 // 4:
            self._make_room()
        try:
            if tls:
                connection.secure(tls)
            base = environment(name, addr, "https" if tls else "http")
            serve(connection, self.wsgi, base, self._wants_more)
        except OSError:
            pass  # the client went away
        finally:
            del self.connections[greenlet]
            connection.close()

    def _wants_more(self) -> bool:
        """Counts a request; whether the connection may have another one."""
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        return bool(self.alive)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: as gunicorn does, and ends the connections that say nothing."""
        super().handle_exit(sig, frame)
        if self._sweep is None:
            # A timer runs in gevent's hub: nothing else can wake a connection between the look at it and its end.
            self._sweep = gevent.get_hub().loop.timer(_SWEEP, _SWEEP)
            self._sweep.start(self._end_silent)

    def _end_silent(self) -> None:
        for connection in list(self.connections.values()):
            if connection.is_silent():
                connection.end()

    def _make_room(self) -> None:
        """Ends the oldest of those that wait for a request of nobody who was proven."""
        for connection in self.connections.values():
            if connection.holds_a_place():
                connection.make_way()
                return


class _Server(StreamServer):  # type: ignore[misc]
    """Closing takes in what the kernel had accepted already: closing the listener alone would reset that."""

    def close(self) -> None:
        """Stops listening."""
        while not self.closed and (taken := self.do_read()):
            self.do_handle(*taken)
        super().close()
