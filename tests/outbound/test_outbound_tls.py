"""TLS: a certificate is always checked against the name, and a handshake that fails has sent nothing."""

import socket
import ssl
import time
from ipaddress import ip_address

import pytest
from outbound_server import ENDLESS, LONG, LOOPBACK, TLS, drip

from bridge.errors import SettingsError
from bridge.model import Call
from bridge.outbound import Outbound, dial, tls


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """Every name of these tests is at 127.0.0.1."""
    here = [ip_address("127.0.0.1")]
    monkeypatch.setattr(dial, "lookup", lambda exchange, host: here)


def test_trusted_certificate(serve, outbound, call, unhurried):
    """A certificate of a trusted issuer for the name is accepted; the Host header keeps the name; it is kept alive."""
    server = serve(certificate="vendor.pem")
    for _ in range(2):
        reply = outbound.send(call, server.target("vendor.test", "https"))
        assert (reply.status, reply.body) == (200, b"ok")
    assert f"Host: vendor.test:{server.port}".encode() in server.requests[0]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("host", "certificate", "words"),
    [
        ("other.test", "vendor.pem", "other.test is for another name"),
        ("127.0.0.2", "vendor.pem", "127.0.0.2 is for another address"),
        ("vendor.test", "expired.pem", "vendor.test has expired"),
        ("vendor.test", "self-signed.pem", "vendor.test is self-signed"),
    ],
)
def test_certificate_that_does_not_fit(serve, outbound, call, host, certificate, words):
    """A certificate for another name, out of date or signed by itself ends the call before a byte of it is sent."""
    server = serve(certificate=certificate)
    answer = outbound.send(call, server.target(host, "https"))
    assert (answer.kind, answer.sent) == ("tls", False)
    assert words in answer.message
    assert server.requests == []


def test_unknown_issuer(serve, call):
    """Without a CA bundle only the built-in roots are trusted."""
    server = serve(certificate="vendor.pem")
    outbound = Outbound(allowed_networks=LOOPBACK)
    answer = outbound.send(call, server.target("vendor.test", "https"))
    outbound.close()
    assert (answer.kind, answer.sent) == ("tls", False)
    assert "issuer that is not trusted" in answer.message


def test_bundle_adds_to_the_built_in_roots(serve, call, monkeypatch, tmp_path):
    """A CA bundle takes no root away: public vendors are still reached beside those of a private issuer."""
    issuers = {"public.pem": "ca.pem", "private.pem": "self-signed.pem"}
    for name, issuer in issuers.items():
        (tmp_path / name).write_bytes((TLS / issuer).read_bytes())
    monkeypatch.setattr(tls, "where", lambda: str(tmp_path / "public.pem"))
    outbound = Outbound(
        allowed_networks=LOOPBACK, ca_bundle=str(tmp_path / "private.pem")
    )
    for certificate in ("vendor.pem", "self-signed.pem"):
        server = serve(certificate=certificate)
        reply = outbound.send(call, server.target("vendor.test", "https"))
        assert (certificate, getattr(reply, "status", reply)) == (certificate, 200)
    outbound.close()


def test_no_tls_at_all(serve, outbound, call):
    """A port that speaks no TLS gets no request."""
    server = serve()
    server._one = lambda conn: conn.sendall(b"220 hello\r\n")
    answer = outbound.send(call, server.target("vendor.test", "https"))
    assert (answer.kind, answer.sent) == ("tls", False)


def test_old_tls_is_refused(serve, outbound, call):
    """TLS before 1.2 is not spoken."""
    server = serve(certificate="vendor.pem")
    with pytest.warns(DeprecationWarning):
        server.tls.minimum_version = ssl.TLSVersion.TLSv1
        server.tls.maximum_version = ssl.TLSVersion.TLSv1_1
    answer = outbound.send(call, server.target("vendor.test", "https"))
    assert (answer.kind, answer.sent) == ("tls", False)


def test_handshake_that_dribbles_ends_with_the_wall_clock(serve, outbound, call):
    """A handshake that comes byte by byte is a time-out, and nothing was sent."""
    server = serve()

    def dribble(conn):
        conn.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
        drip(server, conn, b"\x00")

    server._one = dribble
    target = server.target("vendor.test", "https")
    answer = outbound.send(call, target, timeout=0.4)
    assert (answer.kind, answer.sent) == ("timeout", False)
    assert answer.elapsed < LONG


def test_slow_reader_ends_with_the_wall_clock(serve, send_in_time):
    """A vendor that takes our request in sips cannot hold the call, though every single write succeeds in time."""
    server = serve(certificate="vendor.pem")

    def sip(conn):
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        until = time.monotonic() + ENDLESS
        while time.monotonic() < until and not server.stopped.wait(0.01):
            conn.recv(16384)

    server._one = sip
    call = Call(method="POST", path="/", body=b"x" * 64 * 1024 * 1024)
    target = server.target("vendor.test", "https")
    answer = send_in_time(call, target, 0.4)
    assert (answer.kind, answer.sent) == ("timeout", True)
    assert answer.elapsed < LONG


@pytest.mark.parametrize("bundle", ["nowhere.pem", "."])
def test_unreadable_bundle(bundle):
    """A CA bundle that cannot be read is said at the start, not at the first call."""
    with pytest.raises(SettingsError, match="BRIDGE_CA_BUNDLE"):
        Outbound(ca_bundle=str(TLS / bundle))
