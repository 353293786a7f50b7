"""The requests adapter every call goes through: urllib3's pools, with connections that keep our bounds.

A connection dials a checked address (the name stays for SNI, certificate and Host header), notes when the first byte
leaves, and gives every read and write only what is left of the exchange's time. It does not retry, follow redirects,
decode bodies, or read the environment.
"""

import http.client
import io
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bridge.outbound.dial import dial
from bridge.outbound.exchange import CURRENT, Exchange, Failed
from bridge.outbound.tls import trusting

MAX_HEAD = 64 * 1024
MAX_WIRE = 2 * 1024 * 1024  # head, body and the framing of chunks together
MAX_IDLE = 3.0  # seconds
_WRITE = 16 * 1024
_BUFFER = 16 * 1024

# urllib3 logs URLs with their query, which may hold what must not be shown.
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)

# OpenSSL's verification codes (X509_V_ERR_…) that an operator can act on.
_CERTIFICATE = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed",
    19: "ends in a root that is not trusted",
    20: "comes from an issuer that is not trusted",
    62: "is for another name",
    64: "is for another address",
}


class Wire(io.RawIOBase):
    """The bytes of one answer as they come off the socket: bounded in time and in number.

    A head that ends before its empty line is a broken connection; http.client would take it for a whole one.
    """

    def __init__(
        self, raw: io.RawIOBase, sock: socket.socket, exchange: Exchange
    ) -> None:
        self.raw, self.sock, self.exchange = raw, sock, exchange
        self.in_head = True
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        exchange = self.exchange
        if self.count > (MAX_HEAD if self.in_head else MAX_WIRE):
            raise Failed("dropped", f"{exchange.host} sent an answer without end")
        if self.count > MAX_HEAD:
            time.sleep(0)  # gevent lets nobody else run while bytes keep coming
        self.sock.settimeout(exchange.remaining())
        try:
            count = int(self.raw.readinto(buffer) or 0)
        except OSError:
            raise exchange.broken(self._dropped()) from None
        if self.in_head and not count:
            raise self._dropped()
        self.count += count
        exchange.touched = time.monotonic()
        return count

    def close(self) -> None:
        self.raw.close()
        super().close()

    def _dropped(self) -> Failed:
        host = self.exchange.host
        return Failed("dropped", f"{host} closed the connection before it answered")


class BoundedResponse(http.client.HTTPResponse):
    """An answer that is read through a Wire, and whose interim answers (102, 103) are not taken for the final one."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._wire = Wire(self.fp.detach(), sock, CURRENT.get())
        self.fp = io.BufferedReader(self._wire, _BUFFER)

    def begin(self) -> None:
        super().begin()
        while 101 < self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        self._wire.in_head = False


class PlainConnection(HTTPConnection):
    """A connection within the bounds of the exchange it serves at the moment."""

    response_class = BoundedResponse
    _last: Exchange | None = None

    def _new_conn(self) -> socket.socket:
        encrypted = isinstance(self, HTTPSConnection)
        return dial(CURRENT.get(), self.host, self.port, encrypted=encrypted)

    @property
    def is_connected(self) -> bool:
        """Whether the pool may use this again.

        A server closes idle connections, five seconds being a common choice, and a request that crosses that close on
        its way has an unknown outcome. A fresh connection is cheap against that.
        """
        idle = time.monotonic() - self._last.touched if self._last else 0.0
        return idle < MAX_IDLE and super().is_connected

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        exchange = self._last = CURRENT.get()
        exchange.leave()
        # A TLS socket times each write, not all of them: small ones keep the whole within the deadline.
        for start in range(0, len(data), _WRITE):
            self.sock.settimeout(exchange.remaining())
            try:
                self.sock.sendall(data[start : start + _WRITE])
            except OSError as error:
                raise exchange.broken(error) from None


class SecureConnection(PlainConnection, HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        exchange = CURRENT.get()
        with ExitStack() as self._handshake:
            try:
                super().connect()
            except (OSError, urllib3.exceptions.SSLError) as error:
                message = _sentence(exchange.host, error)
                raise exchange.broken(Failed("tls", message)) from None

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        seconds = CURRENT.get().remaining()
        sock.settimeout(seconds)
        self._handshake.enter_context(_cut_off(sock, seconds))
        return sock


@contextmanager
def _cut_off(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Shuts the socket when the time is up: gevent's TLS handshake times each read of it, not the whole.

    Wrapping a socket in TLS takes its descriptor away, so the timer holds one of its own.
    """
    handle = sock.dup()
    timer = threading.Timer(seconds, _shut, [handle])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        handle.close()


def _shut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


def _sentence(host: str, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        fault = _CERTIFICATE.get(error.verify_code, "could not be verified")
        return f"the TLS certificate of {host} {fault}: check base_url, or add its issuer to BRIDGE_CA_BUNDLE"
    return f"no TLS connection could be made with {host}: check its port and its TLS version"


class PlainPool(HTTPConnectionPool):
    ConnectionCls = PlainConnection


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = SecureConnection


class Transport(HTTPAdapter):
    """Pooled, verified connections, shared by all calls of a process."""

    def __init__(self, ca_bundle: str | None) -> None:
        self.tls = trusting(ca_bundle)
        super().__init__(pool_connections=64, pool_maxsize=64)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self.tls)
        pools = {"http": PlainPool, "https": SecurePool}
        self.poolmanager.pool_classes_by_scheme = pools

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing to add: the context already requires a certificate; requests would load all roots again each time."""
