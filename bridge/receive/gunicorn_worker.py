"""Gunicorn's gevent worker, that stops without being noticed by who is just asking, and is nobody's alone.

What it does besides gunicorn: a keep-alive connection that says nothing, which every proxy holds, does not delay a
restart; a request that is on its way is never cut off for that; a connection that the kernel had taken in before the
listener closed is served, not reset. What one connection may take of bytes, time and turns is connection.py's affair;
when most places are taken, those that only hold one lose it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from bridge.receive.connection import Connection

_SWEEP = 0.2  # seconds between looks at who is silent, while it stops


class Receiver(GeventWorker):  # type: ignore[misc]
    """Knows its connections."""

    wsgi: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: dict[gevent.Greenlet, Connection] = {}
        self._sweep: Any = None

    def load_wsgi(self) -> None:
        """Puts in what decides about the connection before each answer."""
        super().load_wsgi()
        self.wsgi = _deciding(self.wsgi)

    def server_class(self, listener: Any, *, spawn: Pool, **_: Any) -> "_Server":
        """What gunicorn calls for something that accepts connections."""
        handle = partial(self.handle, _Address(listener.getsockname()))
        server = _Server(listener, handle=handle, spawn=spawn)
        # One at a time: who comes next is left to neighbours, and those who came have a turn between.
        server.max_accept = 1
        return server

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """All requests of one connection."""
        greenlet = gevent.getcurrent()
        connection = Connection(greenlet, client, self.cfg.keepalive)
        self.connections[greenlet] = connection
        if len(self.connections) > self.cfg.worker_connections * 3 // 4:
            self._make_room()
        try:
            super().handle(listener, connection, addr)
        finally:
            del self.connections[greenlet]

    def handle_request(self, name: Any, request: Any, client: Any, addr: Any) -> Any:
        """One request of them."""
        client.request = request
        return super().handle_request(name, request, client, addr)

    def handle_error(self, request: Any, client: Any, addr: Any, error: Any) -> None:
        """What could not be read: its answer is the last one."""
        client.lingers = True
        super().handle_error(request, client, addr, error)

    def timeout_ctx(self) -> Connection:
        """What gunicorn enters while it waits for a request's head."""
        return self.connections[gevent.getcurrent()]

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


@dataclass(frozen=True)
class _Address:
    """What gunicorn asks a listener for at each new connection, and gets no more once the listener is closed."""

    name: Any

    def getsockname(self) -> Any:
        """The address as the operating system writes it."""
        return self.name


def _deciding(app: Callable[..., Any]) -> Callable[..., Any]:
    def serve(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        connection = environ["gunicorn.socket"]

        def begin(status: str, headers: Any, exc_info: Any = None) -> Any:
            connection.answer(status)
            return start(status, headers, exc_info)

        return app(environ, begin)

    return serve
