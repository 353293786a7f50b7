"""Slow senders over raw sockets: one time limit for a whole request, and nobody waits for somebody else's."""

import selectors
import time
from http.client import HTTPResponse

import pytest
from rawsockets import NoVendors, body, connect, events, head
from running import bridge, sign, taken

from bridge.sandbox import DEFAULT_CREDENTIALS

SLOW = 100  # sockets of each kind
QUICK = 3.0  # seconds: the time limit of the receiver whose patience ends in a test
TRIES = (
    5  # of what a machine that stalls makes slow, while a fault makes each of them slow
)
GIVEN_UP = 60.0  # seconds after which what is still open has no limit at all


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quick")
    with bridge(folder, NoVendors, DEFAULT_CREDENTIALS) as made:
        made.environ |= {"BRIDGE_READ_TIMEOUT": f"{QUICK:g}"}
        made.start("--no-worker")
        yield made


@pytest.fixture
def patient(tmp_path):
    with bridge(tmp_path, NoVendors, DEFAULT_CREDENTIALS) as made:
        made.environ |= {"BRIDGE_READ_TIMEOUT": "60"}
        made.start("--no-worker")
        yield made


class Dribbler:
    """One socket that sends what it has byte by byte, and notes when the other side closed it."""

    def __init__(self, running, sent, byte):
        self.connection, self.byte = connect(running), byte
        self.started, self.ended, self.answer = time.monotonic(), None, b""
        self.connection.sendall(sent)
        self.connection.setblocking(False)

    def step(self, part=None):
        """Sends a byte, or this."""
        try:
            self.connection.send(part or self.byte)
        except OSError:
            pass  # closed, perhaps, but what the other side said before may still be unread

    def read(self):
        """Reads what there is; an end or a reset is the other side's close."""
        try:
            part = self.connection.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        self.answer += part
        if not part:
            self.close()

    def close(self):
        self.ended = self.ended or time.monotonic() - self.started
        self.connection.close()


def dribble(sockets, every):
    """Lets all of them dribble until each is closed."""
    start = time.monotonic()
    while time.monotonic() - start < GIVEN_UP:
        left = [one for one in sockets if one.ended is None]
        if not left:
            break
        for one in left:
            one.step()
        wait(left, every)
    for one in sockets:
        one.connection.close()


def wait(sockets, seconds):
    """Reads from them for so long."""
    selector = selectors.DefaultSelector()
    for one in sockets:
        if one.ended is None:
            selector.register(one.connection, selectors.EVENT_READ, one)
    until = time.monotonic() + seconds
    while selector.get_map() and (left := until - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            selector.unregister(key.fileobj)
            key.data.read()
            if key.data.ended is None:
                selector.register(key.fileobj, selectors.EVENT_READ, key.data)
    selector.close()


def slow_head(running):
    return Dribbler(running, b"POST /hooks/stripe HTTP/1.1\r\nX-Slow: ", b"x")


def slow_body(running):
    sent = body("evt_slow")
    lines = (f"Content-Length: {len(sent)}", f"Stripe-Signature: {sign(sent)}")
    return Dribbler(running, head(*lines), b" ")


def slow_ones(running):
    return [make(running) for make in (slow_head, slow_body) for _ in range(SLOW)]


def test_slow_sockets_keep_nobody_waiting(patient):
    """T-35: beside 100 heads and 100 bodies that dribble, signed POSTs are taken while all 200 are still open.

    Fails when each socket holds a thread or the process until it is whole.
    """
    slow = slow_ones(patient)
    for number in range(3):
        for one in slow:
            one.step()
        taken(patient.url, body(f"evt_beside_{number}"))
        wait(slow, 0.1)
    assert not any(one.ended for one in slow)
    for one in slow:
        one.connection.close()


def test_slow_sockets_are_closed(quick):
    """T-33 T-34: 100 heads and 100 bodies that dribble past the limit are closed, though each byte comes in time; the
    bodies are told why, and are no events.
    """
    slow = slow_ones(quick)
    dribble(slow, every=QUICK / 10)
    assert all(one.ended for one in slow)
    assert {one.answer[:12] for one in slow[:SLOW]} <= {b"", b"HTTP/1.1 408"}
    assert {one.answer[:12] for one in slow[SLOW:]} == {b"HTTP/1.1 408"}
    assert "evt_slow" not in events(quick)


def late(running, lines):
    """A socket whose head took nine tenths of the time, and whose body dribbles."""
    slow = Dribbler(running, lines[:1], b" ")
    for at in range(1, 19):
        time.sleep(QUICK * 0.05)
        slow.step(lines[at : at + 1])
    slow.step(lines[19:])
    dribble([slow], every=0.1)
    return slow


def is_closed_in_time(running, lines, status):
    """Whether such a request has this answer and then no limit of its own for its body.

    With one it would be open for twice the limit, but for a tenth; where the machine stalls, the head itself is late.
    """
    for _ in range(TRIES):
        slow = late(running, lines)
        assert slow.ended
        if slow.answer.startswith(status) and slow.ended < QUICK * 1.85:
            return True
    return False


def test_head_and_body_share_one_limit(quick):
    """T-36: a head that took most of the time leaves the rest of it, not as much again, to the body.

    Fails when the body's deadline starts at the end of the head.
    """
    sent = body("evt_halves")
    lines = head(f"Content-Length: {len(sent)}", f"Stripe-Signature: {sign(sent)}")
    assert is_closed_in_time(quick, lines, b"HTTP/1.1 408")


def test_a_body_that_nobody_reads_has_no_more_time(quick):
    """T-36: after an answer that did not wait for the body, what is left of it is dropped within the same limit.

    Fails when the wait for the next head starts a limit of its own.
    """
    start = "PUT /hooks/stripe HTTP/1.1\r\nHost: x\r\n"
    lines = head("Content-Length: 1000000", start=start)
    assert is_closed_in_time(quick, lines, b"HTTP/1.1 405")


def test_time_between_requests_is_not_a_request_s(quick):
    """T-36: a kept connection that was silent for a while has the whole limit for its next body.

    Fails when what bounds the body starts at the end of the request before.
    """
    assert any(is_whole_after_silence(quick, number) for number in range(TRIES))


def is_whole_after_silence(running, number):
    """Whether a second request is taken that, with the silence before it, is longer on its way than the limit."""
    sent = body(f"evt_kept_{number}")
    lines = head(f"Content-Length: {len(sent)}", f"Stripe-Signature: {sign(sent)}")
    with connect(running) as connection:
        try:
            for pause in (0.0, QUICK * 0.6):
                time.sleep(pause)
                connection.sendall(lines + sent[:10])
                time.sleep(pause)
                connection.sendall(sent[10:])
                answer = HTTPResponse(connection)
                answer.begin()
                answer.read()
        except OSError:
            return False
    return answer.status in (200, 202)
