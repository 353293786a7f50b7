"""A hostile client as a program: so many unsigned connections do one thing to a port for so many seconds, then it ends.

`python floods.py KIND PORT SECONDS CONNECTIONS`; for the kind "crowd" the request that each sends is read from stdin.
What they do costs the client little and the receiver as much as it lets them.
"""

import contextlib
import socket
import sys
import time
from dataclasses import dataclass

_POST = b"POST /hooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_GET = b"GET /hooks/stripe HTTP/1.1\r\nHost: x\r\n\r\n"
_REFUSED = _POST + b"Content-Length: 2\r\n\r\n{}"


@dataclass(frozen=True, kw_only=True)
class Flood:
    """What one connection sends, and whether it reads what is answered."""

    first: bytes = b""
    then: bytes = b""  # again and again
    tiny: bool = False  # a byte at a time
    reads: bool = True


FLOODS = {
    "pipelined": Flood(then=_GET * 50),
    "unread": Flood(then=_GET * 50, reads=False),
    "refused": Flood(then=_REFUSED),
    "slow heads": Flood(first=_POST + b"X-A: ", then=b"a", tiny=True),
    "long heads": Flood(first=_POST, then=b"X-A: " + b"a" * 4000 + b"\r\n"),
    "tiny chunks": Flood(
        first=_POST + b"Transfer-Encoding: chunked\r\n\r\n", then=b"1\r\na\r\n"
    ),
    "slow bodies": Flood(
        first=_POST + b"Content-Length: 99999\r\n\r\n", then=b"a", tiny=True
    ),
    "many headers": Flood(first=_POST, then=b"X-A: b\r\n"),
    "bad lines": Flood(
        then=b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\nCONNECT x:1\r\n\r\n"
    ),
}


class Client:
    """One connection, opened again when it is closed."""

    def __init__(self, flood, port):
        self._flood, self._port = flood, port
        self._left, self._connection = b"", None

    def step(self):
        """Reads and sends what goes without waiting."""
        try:
            if self._connection is None:
                self._open()
            if self._flood.reads:
                self._read()
            self._send()
        except BlockingIOError:
            pass
        except OSError:
            self._connection.close()
            self._connection = None

    def _open(self):
        self._connection = socket.socket()
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._connection.connect(("127.0.0.1", self._port))
        self._connection.setblocking(False)
        self._left = self._flood.first

    def _read(self):
        with contextlib.suppress(BlockingIOError):
            if not self._connection.recv(65536):
                raise ConnectionResetError

    def _send(self):
        for _ in range(1 if self._flood.tiny else 20):
            self._left = self._left or self._flood.then
            part = self._left[:1] if self._flood.tiny else self._left
            self._left = self._left[self._connection.send(part) :]


def run(flood, port, seconds, connections):
    """Floods until the time is over."""
    clients = [Client(flood, port) for _ in range(connections)]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for client in clients:
            client.step()
        time.sleep(0.005)


if __name__ == "__main__":
    kind, *numbers = sys.argv[1:]
    crowd = Flood(first=sys.stdin.buffer.read() if kind == "crowd" else b"")
    run(FLOODS.get(kind, crowd), int(numbers[0]), float(numbers[1]), int(numbers[2]))
