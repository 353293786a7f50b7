"""Clients that mean no good, in a process of their own: `python hostile.py PORT KIND COUNT`.

It keeps COUNT connections of a kind open, each of which does its worst, and opens a new one for each that the other
side closes. A line says when the first COUNT were there. When its standard input ends it opens no more, waits until all
are closed, and prints what it saw as JSON: how many there were and how long the longest lived. All of it ends after
LIMIT seconds.
"""

import errno
import itertools
import json
import select
import socket
import sys
import time

LIMIT = 150.0
CLOSED = select.POLLRDHUP | select.POLLERR | select.POLLHUP | select.POLLNVAL
POST = b"POST /hooks/stripe HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def pieces(first, then):
    """The bytes to send, piece by piece, without end."""
    return itertools.chain([first], itertools.repeat(then))


REFUSED = b"GET /hooks/stripe HTTP/1.1\r\nHost: x\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
# kind: (what it sends, whether it reads, seconds between its pieces)
KINDS = {
    "pipelines and reads": (lambda: pieces(b"", REFUSED * 500), True, 0),
    "pipelines and reads nothing": (lambda: pieces(b"", REFUSED * 500), False, 0),
    "pipelines health checks": (lambda: pieces(b"", HEALTH * 500), True, 0),
    "health checks one by one": (lambda: pieces(HEALTH, HEALTH), True, 0.5),
    "health checks unread": (lambda: pieces(HEALTH, HEALTH), False, 0.01),
    "chunks of one byte": (lambda: pieces(CHUNKED, b"1\r\nx\r\n" * 5_000), True, 0),
    "chunks one by one": (lambda: pieces(CHUNKED, b"1\r\nx\r\n"), True, 0),
    "extensions": (
        lambda: pieces(CHUNKED, b"1;%b\r\nx\r\n" % (b"e" * 8_000)),
        True,
        0,
    ),
    "a head by byte": (lambda: pieces(POST, b"x"), True, 0),
    "a head of many fields": (
        lambda: pieces(POST, b"X: %b\r\n" % (b"y" * 2_000)),
        True,
        0,
    ),
    "a body by byte": (
        lambda: pieces(POST + b"Content-Length: 900000\r\n\r\n", b"x"),
        True,
        0,
    ),
    "a large body": (
        lambda: pieces(POST + b"Content-Length: 1000000\r\n\r\n", b"x" * 50_000),
        True,
        0,
    ),
    "nothing": (lambda: pieces(b"", b""), True, 1),
    "a flood": (lambda: pieces(POST + b"Content-Length: 2\r\n\r\n{}", b""), True, 1),
}


class Client:
    """One connection."""

    def __init__(self, port, kind):
        make, self.reads, self.pause = KINDS[kind]
        self.pieces, self.left, self.next_at = make(), b"", 0.0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.reads:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))
        self.born = time.monotonic()

    def step(self):
        """Reads and sends what goes; whether the connection is still open."""
        try:
            if self.reads and not self.socket.recv(1 << 20):
                return False
        except BlockingIOError:
            pass
        except OSError as error:
            return error.errno == errno.ENOTCONN  # not yet
        try:
            return self.send()
        except BlockingIOError:
            return True
        except OSError:
            return self.reads and self.answered()

    def send(self):
        now = time.monotonic()
        if not self.left and now >= self.next_at:
            self.left, self.next_at = next(self.pieces), now + self.pause
        if self.left:
            self.left = self.left[self.socket.send(self.left) :]
        return True

    def answered(self):
        """After the other side closed: False once all that it said was read."""
        try:
            return bool(self.socket.recv(1 << 20))
        except OSError:
            return False


class Horde:
    """All of them."""

    def __init__(self, port, kind, count):
        self.port, self.kind, self.count = port, kind, count
        self.opened, self.longest = 0, 0.0
        self.clients = {}
        self.poll = select.poll()

    def fill(self):
        while len(self.clients) < self.count:
            client = Client(self.port, self.kind)
            self.clients[client.socket.fileno()] = client
            self.poll.register(client.socket, select.POLLRDHUP)
            self.opened += 1

    def step(self):
        gone = {number for number, what in self.poll.poll(0) if what & CLOSED}
        for number, client in list(self.clients.items()):
            if number in gone or not client.step():
                self.longest = max(self.longest, time.monotonic() - client.born)
                self.poll.unregister(number)
                client.socket.close()
                del self.clients[number]


def main(port, kind, count, rate=0.0):
    """`rate` bounds how many connections are opened a second, where it is given."""
    horde = Horde(int(port), kind, int(count))
    begun, told = time.monotonic(), select.poll()
    told.register(sys.stdin, select.POLLIN | select.POLLHUP)
    going, stands = True, False
    while time.monotonic() - begun < LIMIT and (going or horde.clients):
        going = going and not told.poll(0)
        allowed = float(rate) * (time.monotonic() - begun)
        if going and (not rate or horde.opened < allowed):
            horde.fill()
        horde.step()
        if not stands and horde.opened >= horde.count:
            stands = True
            print("they are there", flush=True)
        time.sleep(0.001)
    left = len(horde.clients)
    print(json.dumps({"opened": horde.opened, "longest": horde.longest, "left": left}))


if __name__ == "__main__":
    main(*sys.argv[1:])
