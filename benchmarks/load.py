"""A load generator that runs anywhere: raw sockets under one epoll loop, loopback only, bounded in time and number.

Without a rate every connection sends its next request when it has the answer to the last (how much goes through). With
a rate requests fall due on a fixed schedule, and a latency counts from that moment: a server that stalls cannot hide
behind a generator that politely waits.
"""

import select
import socket
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

GRACE = 5.0  # seconds for the last answers


@dataclass
class Answers:
    """What came back. Latencies in seconds, `elapsed` from the first request to the end of the time given."""

    started: float = 0.0  # by time.monotonic: when the first request fell due
    elapsed: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers with 2xx a second."""
        good = sum(n for status, n in self.statuses.items() if 200 <= status < 300)
        return good / self.elapsed

    def percentile(self, share: float) -> float:
        """The latency in seconds that this share of the requests stayed under."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class _Line:
    """One kept connection, with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.read = b""

    def send(self, request: bytes, due: float) -> None:
        self.due, self.read = due, b""
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Reads what is there; the status once the answer is whole."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.read += part
        head, found, body = self.read.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return None
        return int(head[9:12])


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def drive(
    port: int,
    requests: Iterator[bytes],
    *,
    seconds: float,
    connections: int = 32,
    rate: float | None = None,
) -> Answers:
    """Sends until the time is over or there are no more requests, and collects the answers."""
    lines = {line.socket.fileno(): line for line in map(_Line, [port] * connections)}
    free, answers = deque(lines.values()), Answers()
    poll = select.epoll()
    for number in lines:
        poll.register(number, select.EPOLLIN)
    start = due = answers.started = monotonic()
    until, step = start + seconds, 1 / rate if rate else 0.0
    more = True
    while more or (len(free) < connections and monotonic() < until + GRACE):
        now = monotonic()
        more = more and now < until
        while more and free and due <= now:
            request = next(requests, None)
            if request is None:
                more, until = False, now
                break
            free.popleft().send(request, due if rate else now)
            due += step
        _collect(poll, lines, free, answers, min(max(due - now, 0.0), 0.2))
    answers.elapsed = until - start
    for line in lines.values():
        line.socket.close()
    poll.close()
    return answers


def _collect(
    poll: "select.epoll",
    lines: dict[int, _Line],
    free: "deque[_Line]",
    answers: Answers,
    wait: float,
) -> None:
    """Takes the answers that are there, after waiting for the first of them."""
    for number, _ in poll.poll(wait if free else 0.2):
        line = lines[number]
        status = line.status()
        if status is not None:
            answers.latencies.append(monotonic() - line.due)
            answers.statuses[status] += 1
            free.append(line)
