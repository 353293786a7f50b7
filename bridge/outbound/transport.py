"""The requests adapter that every call goes through: kept connections, llhttp's reading, our bounds.

A connection dials a checked address (the name stays for SNI, certificate and Host header) and is used again while it
is fresh. The adapter does not retry, follow redirects, decode bodies, or read the environment.
"""

import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from bridge.outbound.answer import Answer
from bridge.outbound.connection import Connection, Place, connect, place_of
from bridge.outbound.exchange import CURRENT, Exchange

# A server closes idle connections, five seconds being a common choice, and a request that crosses that close on its
# way has an unknown outcome. A fresh connection is cheap against that.
MAX_IDLE = 3.0  # seconds
MAX_KEPT = 64  # of one host


class Transport(BaseAdapter):
    """Verified connections, shared by all calls of a process that show the same certificate, or none."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__()
        self.tls = tls
        self._kept = _Kept()

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer, whose `raw` is an Answer, for the exchange in CURRENT, whose bounds stand for all the options.

        Raises CallRefused, Failed, and OSError where the connection broke.
        """
        exchange = CURRENT.get()
        place = place_of(str(request.url))
        connection = self._kept.take(place) or connect(exchange, place, self.tls)
        answer = Answer(exchange.host, str(request.method))
        try:
            _converse(connection, _written(request), answer, exchange)
        finally:
            if answer.reusable:
                self._kept.put(place, connection)
            else:
                connection.close()
        return _response(request, answer)

    def close(self) -> None:
        """Closes what is idle; a call that runs ends in its own time."""
        self._kept.clear()


class _Kept:
    """Idle connections by where they lead."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Place, list[Connection]] = {}
        self._swept = time.monotonic()

    def take(self, place: Place) -> Connection | None:
        """The one used last, where it is fresh and open."""
        while True:
            with self._lock:
                idle = self._idle.get(place)
                connection = idle.pop() if idle else None
            if connection is None or (_is_fresh(connection) and connection.is_quiet()):
                return connection
            connection.close()

    def put(self, place: Place, connection: Connection) -> None:
        with self._lock:
            idle = self._idle.setdefault(place, [])
            idle.append(connection)
            stale = [idle.pop(0)] if len(idle) > MAX_KEPT else []
            if time.monotonic() - self._swept > MAX_IDLE:
                stale += self._stale()
        for one in stale:
            one.close()

    def clear(self) -> None:
        with self._lock:
            kept, self._idle = self._idle, {}
        for idle in kept.values():
            for one in idle:
                one.close()

    def _stale(self) -> list[Connection]:
        """Takes out what is too old to be used again: its vendor may never be called any more."""
        self._swept = time.monotonic()
        stale: list[Connection] = []
        kept, self._idle = self._idle, {}
        for place, idle in kept.items():
            fresh: list[Connection] = []
            for one in idle:
                (fresh if _is_fresh(one) else stale).append(one)
            if fresh:
                self._idle[place] = fresh
        return stale


def _is_fresh(connection: Connection) -> bool:
    return time.monotonic() - connection.touched < MAX_IDLE


def _converse(
    connection: Connection, request: bytes, answer: Answer, exchange: Exchange
) -> None:
    """Sends the request and reads its answer, also that of a server which answered before it had read all."""
    try:
        connection.send(request, exchange)
    except OSError:
        connection.receive(answer, exchange)
        answer.reusable = False
    else:
        connection.receive(answer, exchange)


def _written(request: PreparedRequest) -> bytes:
    """The request as it goes over the wire; `prepare` made sure that nothing in it can end a line."""
    host = urlsplit(str(request.url)).netloc
    lines = [f"{request.method} {request.path_url} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    body = request.body or b""
    return head + (body if isinstance(body, bytes) else body.encode())


def _response(request: PreparedRequest, answer: Answer) -> Response:
    response = Response()
    response.status_code = answer.status
    response.headers.update(answer.headers)
    response.raw, response.request = answer, request
    return response
