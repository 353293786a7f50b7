"""One connection with a vendor: each write and read gets what is left of the exchange's time, and no more.

It sends one request at a time and reads its answer to the end. Nothing is sent twice here.
"""

import socket
import ssl
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from bridge.outbound.answer import Answer
from bridge.outbound.dial import dial
from bridge.outbound.exchange import Exchange, Failed
from bridge.outbound.handshake import secured, unwelcome

_WRITE = _READ = 16 * 1024
_PORTS = {"http": 80, "https": 443}


class Place(NamedTuple):
    """Where a connection leads."""

    scheme: str
    host: str
    port: int


def place_of(url: str) -> Place:
    """Where a call to an http(s) URL goes."""
    parts = urlsplit(url)
    return Place(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])


class Connection:
    """A connected socket, and when bytes last moved on it (a time.monotonic())."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.touched = time.monotonic()

    def send(self, request: bytes, exchange: Exchange) -> None:
        """Raises OSError where the connection broke; Failed when the time is up, or it was too late to begin."""
        exchange.leave()
        # A TLS socket times each write, not all of them: small ones keep the whole within the deadline.
        for start in range(0, len(request), _WRITE):
            self._sock.settimeout(exchange.remaining())
            try:
                self._sock.sendall(request[start : start + _WRITE])
            except OSError as error:
                raise exchange.broken(error) from None

    def receive(self, answer: Answer, exchange: Exchange) -> None:
        """Reads until the answer is complete. Raises Failed."""
        while not answer.complete:
            self._sock.settimeout(exchange.remaining())
            try:
                data = self._sock.recv(_READ)
            except OSError as error:
                failed = unwelcome(exchange.host, error) or _closed(exchange)
                raise exchange.broken(failed) from None
            answer.feed(data)
            if answer.is_long:
                time.sleep(0)  # gevent lets nobody else run while bytes keep coming
        self.touched = time.monotonic()

    def is_quiet(self) -> bool:
        """Whether it is open and nothing came that nobody asked for; what came is lost, so it is used no more."""
        self._sock.settimeout(0.0)
        try:
            self._sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        self._sock.close()


def connect(exchange: Exchange, place: Place, tls: ssl.SSLContext) -> Connection:
    """A new connection, by TLS where the scheme says so. Raises CallRefused, or Failed."""
    host = place.host.rstrip(".")  # the dot says that the name is whole
    encrypted = place.scheme == "https"
    sock = dial(exchange, host, place.port, encrypted=encrypted)
    return Connection(secured(sock, host, tls, exchange) if encrypted else sock)


def _closed(exchange: Exchange) -> Failed:
    return Failed(
        "dropped", f"{exchange.host} closed the connection before it answered"
    )
