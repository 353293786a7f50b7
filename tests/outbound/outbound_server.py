"""A vendor on a raw loopback socket, which answers byte for byte what a test wants."""

import socket
import ssl
import threading
import time
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

from bridge.outbound import Target

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
TLS = Path(__file__).parent / "tls"
ENDLESS = 40.0  # seconds that a vendor goes on who never comes to an end
LONG = (
    20.0  # seconds: a call to such a vendor that ends sooner was ended by its own limit
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Reads whole requests into `requests` and hands each one's socket to `answer`; a false result ends keep-alive."""

    def __init__(self, answer: object, certificate: str | None = None) -> None:
        self.answer, self.tls = answer, None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(TLS / certificate)
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopped = threading.Event()  # for answers that wait
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def target(self, host: str = "127.0.0.1", scheme: str = "http") -> Target:
        """A target for this server."""
        return Target(vendor="http", base_url=f"{scheme}://{host}:{self.port}")

    def stop(self) -> None:
        self.stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for conn in self._open:
            with suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)

    def wait_closed(self) -> None:
        """Waits until every connection so far is closed by this side."""
        for thread in self._threads[1:]:
            thread.join(60)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                conn, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(conn,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, conn: socket.socket) -> None:
        with suppress(OSError), conn:
            conn.settimeout(60)
            self._open.append(conn)
            if self.tls:
                conn = self.tls.wrap_socket(conn, server_side=True)
                self._open.append(conn)
            with conn:
                while self._one(conn):
                    pass

    def _one(self, conn: socket.socket) -> bool:
        request = read_request(conn)
        if not request:
            return False
        self.requests.append(request)
        if isinstance(self.answer, bytes):
            conn.sendall(self.answer)
            return True
        return bool(self.answer(conn))


def drip(server: RawServer, conn: socket.socket, piece: bytes) -> None:
    """Sends a piece at a time, without an end."""
    until = time.monotonic() + ENDLESS
    while time.monotonic() < until and not server.stopped.wait(0.05):
        conn.sendall(piece)


def read_request(conn: socket.socket) -> bytes:
    """One request by its Content-Length, b"" when the peer is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = conn.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += conn.recv(65536)
    return head + b"\r\n\r\n" + body
