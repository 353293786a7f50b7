"""An egress proxy: calls go through it by CONNECT, the network policy still holds, and the environment has no say."""

import socket
import threading
from base64 import b64encode
from contextlib import suppress

import pytest
from outbound_server import ENDLESS, LONG, LOOPBACK, TLS, drip

from bridge import settings
from bridge.errors import SettingsError
from bridge.outbound import Outbound, Target, names
from bridge.outbound.proxy import Proxy, proxy_at
from bridge.retry import judge_silence

PUBLIC, PRIVATE = "8.8.8.8", "10.0.0.5"
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ConnectProxy:
    """A proxy that leads every name to one port of loopback, and keeps what it was asked."""

    def __init__(self, answer=CONNECTED):
        self.answer, self.asked, self.connections, self.leads_to = answer, [], 0, 0
        self.stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open, self._threads = [], []
        self._start(self._accept)

    def _start(self, work, *args):
        self._threads.append(threading.Thread(target=work, args=args, daemon=True))
        self._threads[-1].start()

    def stop(self):
        self.stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                self._open.append(client)
                self._start(self._serve, client)

    def _serve(self, client):
        with suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.asked.append(head)
            if callable(self.answer):
                return self.answer(client)
            client.sendall(self.answer)
            if self.answer == CONNECTED:
                with socket.create_connection(("127.0.0.1", self.leads_to)) as server:
                    self._open.append(server)
                    self._start(_copy, server, client)
                    _copy(client, server)


def _copy(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy():
    proxy = ConnectProxy()
    yield proxy
    proxy.stop()


@pytest.fixture
def known(monkeypatch):
    """The names that this machine can resolve; others it cannot."""
    known = {}
    monkeypatch.setattr(names, "_resolve", lambda host: known.get(host, []))
    return known


@pytest.fixture
def behind(proxy, known):
    """behind(**options): an Outbound whose calls leave through the proxy."""
    made = []

    def start(credentials="", **options):
        way = Proxy(host="127.0.0.1", port=proxy.port, credentials=credentials)
        bundle = str(TLS / "ca.pem")
        made.append(Outbound(ca_bundle=bundle, proxy=way, **options))
        return made[-1]

    yield start
    for outbound in made:
        outbound.close()


@pytest.fixture
def vendor(serve, proxy):
    server = serve(certificate="vendor.pem")
    proxy.leads_to = server.port
    return server


def at(url):
    return Target(vendor="http", base_url=url)


@pytest.mark.parametrize("addresses", [[PUBLIC], []])
def test_calls_go_through(behind, vendor, proxy, known, call, unhurried, addresses):
    """By CONNECT with the name, also of one that is not known here; the tunnel is kept and used again."""
    known["vendor.test"] = addresses
    outbound = behind()
    for _ in range(2):
        assert outbound.send(call, at("https://vendor.test")).status == 200
    [asked] = proxy.asked
    assert asked.startswith(
        b"CONNECT vendor.test:443 HTTP/1.1\r\nHost: vendor.test:443"
    )
    assert b"s3cret" not in asked and b"authorization" not in asked.lower()
    assert (proxy.connections, len(vendor.requests)) == (1, 2)


def test_the_proxy_cannot_play_the_vendor(behind, vendor, known, call):
    """TLS is with the vendor itself: who answers with the certificate of another name gets no request."""
    answer = behind().send(call, at("https://other.test"))
    assert (answer.kind, answer.sent, vendor.requests) == ("tls", False, [])


def test_credentials_of_the_proxy(behind, vendor, proxy, known, call):
    """They are shown to the proxy and to nobody else."""
    outbound = behind(credentials="user:pässword")
    assert outbound.send(call, at("https://vendor.test:8443")).status == 200
    proof = b64encode("user:pässword".encode())
    assert b"\r\nProxy-Authorization: Basic " + proof + b"\r\n" in proxy.asked[0]
    assert b"proxy" not in vendor.requests[0].lower()
    assert "pässword" not in repr(outbound._proxy)


@pytest.mark.parametrize(
    ("host", "addresses", "words"),
    [
        (PRIVATE, None, "a private address"),
        ("127.0.0.1", None, "a loopback address"),
        ("[::1]", None, "a loopback address"),
        ("169.254.169.254", None, "a link-local address"),
        ("erp.example.com", [PRIVATE], "a private address"),
        ("mixed.example.com", [PUBLIC, PRIVATE], "a private address"),
        ("erp", [], "is not a public name"),
        ("metadata.google.internal", [], "is not a public name"),
        ("printer.local.", [], "is not a public name"),
        ("x.LOCALHOST", [], "is not a public name"),
    ],
)
def test_what_stays_refused(behind, proxy, known, call, host, addresses, words):
    """A proxy opens no way to private addresses, nor to names that only this network could know; it is not asked."""
    known[host] = addresses
    answer = behind().send(call, at(f"https://{host}"))
    assert (answer.kind, answer.sent, proxy.connections) == ("policy", False, 0)
    assert words in answer.message


@pytest.mark.parametrize("addresses", [[PUBLIC], []])
def test_plain_http_stays_refused(behind, proxy, known, call, addresses):
    """What the proxy could read is not sent through it."""
    known["vendor.test"] = addresses
    answer = behind().send(call, at("http://vendor.test"))
    assert (answer.kind, proxy.connections) == ("policy", 0)
    assert "use https in base_url" in answer.message


def test_allowed_networks_are_called_directly(behind, serve, proxy, call):
    """What the operator allowed by network is inside: the proxy is for the internet."""
    server = serve()
    assert behind(allowed_networks=LOOPBACK).send(call, server.target()).status == 200
    assert proxy.connections == 0


def answers(conn):
    conn.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\nuser:s3cret")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 407 X\r\n\r\n", "(407): check BRIDGE_PROXY_CREDENTIALS"),
        (b"HTTP/1.1 403 s3cret\r\n\r\ns3cret", "does not allow calls to vendor.test"),
        (answers, "could not reach vendor.test (502)"),
        (b"HTTP/1.1 302 X\r\nLocation: http://s3cret\r\n\r\n", "could not reach vendor.test (302)"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "sent something that is not an HTTP answer"),
        (CONNECTED + b"and more", "sent something that is not an HTTP answer"),
        (b"HTTP/1.1 200 X\r\n" + b"a: b\r\n" * 9_000, "sent something that is not an HTTP answer"),
        (lambda conn: None, "sent something that is not an HTTP answer"),
    ],
)  # fmt: skip
def test_what_a_proxy_may_say(behind, vendor, proxy, known, call, answer, words):
    """Each is said in words that name the proxy; nothing was sent, so it is tried again, and nothing is quoted."""
    proxy.answer = answer
    came = behind(credentials="user:s3cret").send(call, at("https://vendor.test"))
    assert (came.kind, came.sent, vendor.requests) == ("proxy", False, [])
    assert words in came.message and "s3cret" not in came.message
    assert judge_silence(came).verdict.value == "retry"


def test_a_proxy_that_dribbles_ends_with_the_wall_clock(behind, proxy, known, call):
    """An answer that comes byte by byte holds the call no longer than its own time."""
    proxy.answer = lambda conn: drip(proxy, conn, b"H")
    came = behind().send(call, at("https://vendor.test"), timeout=0.4)
    assert (came.kind, came.sent) == ("timeout", False)
    assert came.elapsed < LONG < ENDLESS


def test_a_proxy_that_is_down(known, call):
    """It is the proxy that is called unreachable, not the vendor."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outbound = Outbound(proxy=Proxy(host="127.0.0.1", port=port))
    came = outbound.send(call, at("https://vendor.test"))
    outbound.close()
    assert (came.kind, came.sent) == ("proxy", False)
    assert "cannot reach the proxy of BRIDGE_PROXY" in came.message


def test_the_environment_has_no_say(
    behind, vendor, proxy, serve, known, call, monkeypatch
):
    """HTTPS_PROXY leads nothing through a proxy, and NO_PROXY nothing past the one of the setting."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", "*")
    server, plain = serve(), Outbound(allowed_networks=LOOPBACK)
    assert plain.send(call, server.target()).status == 200
    plain.close()
    assert proxy.connections == 0
    assert behind().send(call, at("https://vendor.test")).status == 200
    assert proxy.connections == 1


def test_the_doctors_question_goes_the_same_way(behind, vendor, proxy, known):
    """Whether a host can be called is asked through the proxy, up to TLS with the vendor."""
    outbound = behind()
    assert outbound.unreachable(at("https://vendor.test")) == ""
    proxy.answer = b"HTTP/1.1 403 X\r\n\r\n"
    assert "does not allow calls" in outbound.unreachable(at("https://vendor.test"))
    assert vendor.requests == []


def test_settings(monkeypatch):
    """The proxy and its credentials are settings; an Outbound of the settings has them."""
    monkeypatch.setenv("BRIDGE_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("BRIDGE_PROXY_CREDENTIALS", "user:pass")
    given = settings.load()
    outbound = Outbound.of(given)
    assert outbound._proxy == proxy_at("http://proxy.example.com:3128/", "user:pass")
    assert "pass" not in repr(given)
    outbound.close()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PROXY", "https://proxy.example.com:3128", "write http://HOST:PORT"),
        ("PROXY", "proxy.example.com:3128", "write http://HOST:PORT"),
        ("PROXY", "http://proxy.example.com", "write http://HOST:PORT"),
        ("PROXY", "http://proxy.example.com:99999", "write http://HOST:PORT"),
        ("PROXY", "http://u:s3cret@proxy.example.com:3128", "BRIDGE_PROXY_CREDENTIALS"),
        ("PROXY_CREDENTIALS", "s3cret", "write user:password"),
        ("PROXY_CREDENTIALS", "user:s3cret\r\nx", "write user:password"),
    ],
)
def test_settings_that_cannot_be_used(monkeypatch, name, value, words):
    """Each is refused at the start with what to write, and without the secret."""
    monkeypatch.setenv(f"BRIDGE_{name}", value)
    with pytest.raises(SettingsError, match=words) as raised:
        settings.load()
    assert "s3cret" not in str(raised.value)
