"""A receiver that is told to stop: who just asks is answered, who says nothing is not waited for."""

import json
import signal
import socket
import time

import psutil
import pytest
import requests
from running import bridge, eventually, sign, stripe_event

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.sandbox.server import SandboxServer


@pytest.fixture
def running(tmp_path):
    with (
        SandboxServer() as sandbox,
        bridge(tmp_path, sandbox, DEFAULT_CREDENTIALS) as made,
    ):
        made.start("--no-worker")
        yield made


def connect(running):
    return socket.create_connection(("127.0.0.1", running.port), timeout=15)


def ask(connection, event):
    """Sends a signed event."""
    body = json.dumps(stripe_event("invoice.paid__clp.http", id=event)).encode()
    head = [
        "POST /hooks/stripe HTTP/1.1",
        "Host: hooks",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Stripe-Signature: {sign(body)}",
    ]
    connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)


def refused(running):
    try:
        connect(running).close()
    except ConnectionRefusedError:
        return True
    return False


def test_silent_connections_do_not_delay_the_end(running):
    """Ten kept connections of a proxy are closed at SIGTERM, not waited for; all of them, not the first alone."""
    sessions = [requests.Session() for _ in range(10)]
    for session in sessions:
        assert session.get(f"{running.url}/healthz", timeout=5).status_code == 200
    started = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - started < 10
    for session in sessions:
        session.close()


def test_a_new_connection_may_still_ask(running):
    """Whoever connected just before SIGTERM has two seconds for a first request, and gets its answer."""
    with connect(running) as connection:
        assert requests.get(f"{running.url}/healthz", timeout=5).status_code == 200
        running.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: refused(running))
        ask(connection, "evt_late")
        assert connection.recv(100).startswith(b"HTTP/1.1 202")
    assert running.process.wait(timeout=15) == 0


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
            assert connection.recv(100).startswith(b"HTTP/1.1 202")
    assert running.process.wait(timeout=15) == 0
