"""`gunicorn wsgi:app` with a certificate: TLS on both binds, within the same limits."""

import socket
import ssl
import time
from contextlib import suppress
from http.client import HTTPResponse
from pathlib import Path

import pytest
from rawsockets import NoVendors, body, connect, events, head
from running import bridge, eventually, sign

from bridge.sandbox import DEFAULT_CREDENTIALS

TLS = Path(__file__).parents[1] / "outbound" / "tls"
QUICK = 2.0  # seconds: the time limit of this receiver
GIVEN_UP = 60.0  # seconds after which what is still open has no limit at all


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sealed")
    files = [f"--{kind}={TLS / 'vendor.pem'}" for kind in ("certfile", "keyfile")]
    with bridge(folder, NoVendors, DEFAULT_CREDENTIALS) as made:
        made.environ |= {"BRIDGE_READ_TIMEOUT": f"{QUICK:g}"}
        made.start(command=("-m", "gunicorn", "wsgi:app", *files), wait=False)
        assert eventually(lambda: is_healthy(made))
        yield made


def greeting():
    """What a client needs to know to speak TLS."""
    return ssl.create_default_context(cafile=TLS / "ca.pem")


def is_healthy(running):
    with suppress(OSError), secure(running) as connection:
        return ask(connection, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") == 200


def secure(running, bind="hooks"):
    plain = connect(running, bind)
    try:
        return greeting().wrap_socket(plain, server_hostname="vendor.test")
    except OSError:
        plain.close()
        raise


def ask(connection, raw):
    """The status of the answer to these bytes."""
    connection.sendall(raw)
    answer = HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def signed(id):
    sent = body(id)
    lines = (f"Content-Length: {len(sent)}", f"Stripe-Signature: {sign(sent)}")
    return head(*lines) + sent


def test_events_come_over_tls(sealed):
    """One after the other over a kept connection; the admin bind speaks TLS, too."""
    with secure(sealed) as connection:
        for number in range(3):
            assert ask(connection, signed(f"evt_tls_{number}")) in (202, 503)
    assert eventually(lambda: "evt_tls_2" in events(sealed))
    with secure(sealed, "admin") as connection:
        assert ask(connection, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") == 200


def test_who_speaks_no_tls_is_not_served(sealed):
    """Nothing of what comes in the clear is read, and nobody else notices."""
    with connect(sealed) as plain:
        plain.sendall(signed("evt_plain"))
        assert b"HTTP/1.1 2" not in rest_of(plain)
    assert is_healthy(sealed) and "evt_plain" not in events(sealed)
    assert "Traceback" not in sealed.log.read_text()


def rest_of(connection):
    """All that comes until the other side closes."""
    said = b""
    with suppress(ConnectionError):
        while part := connection.recv(4096):
            said += part
    return said


@pytest.mark.parametrize("stage", ["before it greets", "in a greeting", "in a record"])
def test_nobody_takes_its_time(sealed, stage):
    """T-33: who is silent before TLS stands, or sends a greeting or a record byte by byte, is gone in time.

    Fails where each byte makes the wait begin anew.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = greeting().wrap_bio(incoming, outgoing, server_hostname="vendor.test")
    with connect(sealed) as raw:
        if stage != "before it greets":
            with suppress(ssl.SSLWantReadError):
                client.do_handshake()
        if stage == "in a record":
            raw.sendall(outgoing.read())
            shake(client, raw, incoming, outgoing)
            client.write(signed("evt_dribbled"))
        began = time.monotonic()
        assert is_closed(raw, outgoing.read())
        assert time.monotonic() - began < GIVEN_UP / 2
    assert "evt_dribbled" not in events(sealed)


def shake(client, raw, incoming, outgoing):
    """Finishes a handshake over a plain socket."""
    while True:
        try:
            client.do_handshake()
            return raw.sendall(outgoing.read())
        except ssl.SSLWantReadError:
            raw.sendall(outgoing.read())
            incoming.write(raw.recv(65536))


def is_closed(raw, dribble):
    """Whether the other side closes while these bytes come one by one, but for the last."""
    raw.settimeout(QUICK / 10)
    until = time.monotonic() + GIVEN_UP
    while time.monotonic() < until:
        try:
            raw.sendall(dribble[:1])
            dribble = dribble[1:] if len(dribble) > 2 else b""
            if not raw.recv(65536):
                return True
        except (socket.timeout, TimeoutError):
            pass
        except ConnectionError:
            return True
    return False
