"""Slow senders over raw sockets: one time limit for a whole request, and nobody waits for somebody else's."""

import selectors
import time

import pytest
from rawsockets import NoVendors, body, connect, head
from running import bridge, post, sign

from bridge.sandbox import DEFAULT_CREDENTIALS

SLOW = 100  # sockets of each kind
QUICK = (
    2.0  # seconds: the time limit of the receiver that is not tested with the real one
)
BUSY = 1.0  # seconds that a busy machine may be late


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quick")
    with bridge(folder, NoVendors, DEFAULT_CREDENTIALS) as made:
        made.environ |= {"BRIDGE_READ_TIMEOUT": f"{QUICK:g}"}
        made.start("--no-worker")
        yield made


@pytest.fixture
def usual(tmp_path):
    with bridge(tmp_path, NoVendors, DEFAULT_CREDENTIALS) as made:
        made.start("--no-worker")
        yield made


class Dribbler:
    """One socket that sends what it has byte by byte, and notes when the other side closed it."""

    def __init__(self, running, sent, byte):
        self.connection, self.byte = connect(running), byte
        self.started, self.ended, self.answer = time.monotonic(), None, b""
        self.connection.sendall(sent)
        self.connection.setblocking(False)

    def step(self):
        """Sends a byte."""
        try:
            self.connection.send(self.byte)
        except BlockingIOError:
            pass
        except OSError:
            self.close()

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


def dribble(sockets, every, until):
    """Lets all of them dribble until each is closed; `until` are the seconds after which it is given up."""
    start = time.monotonic()
    while time.monotonic() - start < until:
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


def test_slow_sockets_keep_nobody_waiting_and_are_closed(usual):
    """T-33 T-34 T-35: beside 100 heads and 100 bodies at a byte a second, a signed POST takes under a second; each of
    the 200 is closed within 15 s."""
    slow = [make(usual) for make in (slow_head, slow_body) for _ in range(SLOW)]
    dribble_for(slow, 3)
    assert min(seconds(usual, f"evt_beside_{number}") for number in range(3)) < 1
    dribble(slow, every=1.0, until=20)
    assert all(one.ended for one in slow)
    assert max(one.ended for one in slow) < 15 + BUSY
    bodies = slow[SLOW:]
    assert all(one.answer.startswith(b"HTTP/1.1 408") for one in bodies)


def seconds(running, id):
    """How long a signed event takes; the machine may be busy once, but not each time."""
    started = time.monotonic()
    assert post(running.url, body(id)).status_code == 202
    return time.monotonic() - started


def dribble_for(sockets, steps):
    for _ in range(steps):
        for one in sockets:
            one.step()
        wait(sockets, 1.0)
    assert not any(one.ended for one in sockets)


def late(running, lines):
    """A socket whose head took three quarters of the time, and whose body dribbles."""
    slow = Dribbler(running, lines[:1], b" ")
    for at in range(1, 16):
        time.sleep(QUICK * 0.05)
        slow.connection.send(lines[at : at + 1])
    slow.connection.send(lines[16:])
    return slow


def test_head_and_body_share_one_limit(quick):
    """T-36: a head that took most of the time leaves the rest of it, not as much again, to the body.

    Fails when the body's deadline starts at the end of the head.
    """
    sent = body("evt_halves")
    lines = head(f"Content-Length: {len(sent)}", f"Stripe-Signature: {sign(sent)}")
    slow = late(quick, lines)
    dribble([slow], every=0.1, until=QUICK * 3)
    assert slow.answer.startswith(b"HTTP/1.1 408")
    assert slow.ended < QUICK + BUSY * 0.8


def test_a_body_that_nobody_reads_has_no_more_time(quick):
    """T-36: after an answer that did not wait for the body, what is left of it is dropped within the same limit.

    Fails when the wait for the next head starts a limit of its own.
    """
    start = "PUT /hooks/stripe HTTP/1.1\r\nHost: x\r\n"
    slow = late(quick, head("Content-Length: 100", start=start))
    dribble([slow], every=0.1, until=QUICK * 3)
    assert slow.answer.startswith(b"HTTP/1.1 405")
    assert slow.ended < QUICK + BUSY * 0.8


def test_time_between_requests_is_not_a_request_s(quick):
    """T-36: a kept connection that was silent for a while has the whole limit for its next body."""
    sent = body("evt_kept")
    lines = head(f"Content-Length: {len(sent)}", f"Stripe-Signature: {sign(sent)}")
    with connect(quick) as connection:
        for silence, slowness in ((0.0, 0.0), (QUICK * 0.7, QUICK * 0.6)):
            time.sleep(silence)
            connection.sendall(lines + sent[:10])
            time.sleep(slowness)
            connection.sendall(sent[10:])
            assert connection.recv(4096).startswith(b"HTTP/1.1 20")
