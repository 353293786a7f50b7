"""A receiver that is told to stop: who just asks is answered, who says nothing is not waited for."""

import json
import signal
import socket
import time

import psutil
import pytest
import requests
from running import bridge, eventually, refused, sign, stripe_event

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.sandbox.server import SandboxServer

ANSWERS = (b"HTTP/1.1 202", b"HTTP/1.1 503")  # 503: a store that was slow for a moment


@pytest.fixture
def running(tmp_path):
    with (
        SandboxServer() as sandbox,
        bridge(tmp_path, sandbox, DEFAULT_CREDENTIALS) as made,
    ):
        # Longer than gunicorn lets requests finish: no time of ours ends a connection before that.
        made.environ["BRIDGE_READ_TIMEOUT"] = "60"
        made.start("--no-worker")
        yield made


def connect(running):
    return socket.create_connection(("127.0.0.1", running.port), timeout=60)


def request(event):
    """The head and the body of a signed event."""
    body = json.dumps(stripe_event("invoice.paid__clp.http", id=event)).encode()
    head = [
        "POST /hooks/stripe HTTP/1.1",
        "Host: hooks",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Stripe-Signature: {sign(body)}",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n", body


def ask(connection, event):
    """Sends a signed event."""
    connection.sendall(b"".join(request(event)))


def test_silent_connections_do_not_delay_the_end(running):
    """Ten kept connections of a proxy are closed at SIGTERM, all of them, while a request that is on its way goes on.

    Fails when they are waited for: gunicorn cuts everything off after half a minute, that request too.
    """
    silent = [connect(running) for _ in range(10)]
    for connection in silent:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: hooks\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    with connect(running) as slow:
        head, body = request("evt_slow")
        slow.sendall(head + body[:10])
        running.process.send_signal(signal.SIGTERM)
        for connection in silent:
            with connection:
                while connection.recv(100):
                    pass
        slow.sendall(body[10:])
        assert slow.recv(100).startswith(ANSWERS)
    assert running.stop() == 0


def test_a_new_connection_may_still_ask(running):
    """Whoever connected just before SIGTERM has two seconds for a first request, and gets its answer."""
    for _ in range(3):  # where the machine stalls, the two seconds are over sooner
        if is_answered_late(running):
            return
        running.start("--no-worker")
    raise AssertionError("closed before it could ask, in each try")


def is_answered_late(running):
    """Whether a connection of before SIGTERM is answered what it asks after it; the bridge has ended then."""
    with connect(running) as connection:
        assert requests.get(f"{running.url}/healthz", timeout=60).status_code == 200
        running.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: refused(running))
        try:
            ask(connection, "evt_late")
            answered = connection.recv(100).startswith(ANSWERS)
        except ConnectionError:
            answered = False
    assert running.stop() == 0
    return answered


def test_what_the_kernel_took_in_is_served(running):
    """A request that stands in the listener's queue when the receiver stops is answered, not reset.

    Fails when the listener is closed without emptying its queue.
    """
    (master,) = psutil.Process(running.process.pid).children()
    (receiver,) = master.children()
    receiver.suspend()
    try:
        waiting = [connect(running) for _ in range(20)]
        for number, connection in enumerate(waiting):
            ask(connection, f"evt_queued_{number}")
        running.process.send_signal(signal.SIGTERM)
        time.sleep(1)  # the master closes its own listener
    finally:
        receiver.resume()
    for connection in waiting:
        with connection:
            assert connection.recv(100).startswith(ANSWERS)
    assert running.stop() == 0
