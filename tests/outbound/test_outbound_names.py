"""Names are looked up once, what was checked is what is dialled, and the environment has no say."""

import socket
import threading

import pytest
from outbound_server import ENDLESS, LONG, LOOPBACK

from bridge.outbound import Outbound, Target, names
from bridge.outbound.names import Names


def answers(*addresses):
    """A getaddrinfo that gives these addresses, one call after another; a tuple is one answer of several."""
    left = list(addresses)

    def getaddrinfo(host, port, **_):
        given = left.pop(0)
        given = given if isinstance(given, tuple) else (given,)
        return [(None, None, 6, "", (address, port)) for address in given]

    return getaddrinfo


@pytest.fixture
def resolver(monkeypatch):
    """resolver(address, …) sets what the system's resolver answers, and gives the list of addresses then dialled."""

    def use(*addresses):
        dialled = []

        def refuse(address, timeout):
            dialled.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "getaddrinfo", answers(*addresses))
        monkeypatch.setattr(socket, "create_connection", refuse)
        return dialled

    return use


@pytest.fixture
def public(strict, call, monkeypatch):
    """Sends a call to https://vendor.test with the default policy; nobody looked a name up before."""
    monkeypatch.setattr(strict, "_names", Names())
    target = Target(vendor="http", base_url="https://vendor.test")
    return lambda timeout=30: strict.send(call, target, timeout=timeout)


def test_rebinding_gains_nothing(resolver, public, monkeypatch):
    """A name that is public when checked and inner afterwards is dialled at the checked address, looked up once."""
    monkeypatch.setattr(names, "KEPT", -1.0)
    dialled = resolver("93.184.216.34", "127.0.0.1")
    assert public().kind == "refused"
    assert dialled == ["93.184.216.34"]
    assert public().kind == "policy"
    assert dialled == ["93.184.216.34"]


def test_an_address_that_is_kept_is_checked_each_time(resolver, public):
    """An address that was looked up for one call is no permission for the next."""
    dialled = resolver("10.0.0.1")
    assert [public().kind for _ in range(3)] == ["policy"] * 3
    assert dialled == []


def test_every_address_is_checked(resolver, public):
    """One inner address among public ones refuses the name, wherever it stands."""
    dialled = resolver(("93.184.216.34", "2606:4700::1", "10.0.0.1"))
    assert public().kind == "policy"
    assert dialled == []


def test_addresses_are_tried_in_turn(resolver, public):
    """When one address takes no connection the next one is tried, each once."""
    dialled = resolver(("2606:4700::1", "93.184.216.34", "93.184.216.34"))
    assert public().kind == "refused"
    assert dialled == ["2606:4700::1", "93.184.216.34"]


def test_second_address_serves(serve, outbound, call, monkeypatch):
    """A connection to the second address of a name is as good as one to the first."""
    server = serve()
    monkeypatch.setattr(socket, "getaddrinfo", answers(("127.0.0.9", "127.0.0.1")))
    original = socket.create_connection

    def create(address, timeout):
        if address[0] == "127.0.0.9":
            raise ConnectionRefusedError
        monkeypatch.undo()
        return original(address, timeout=timeout)

    monkeypatch.setattr(socket, "create_connection", create)
    assert outbound.send(call, server.target("vendor.test")).status == 200


def test_unknown_name(public, monkeypatch):
    """A name that does not resolve was sent nothing."""

    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "secret resolver text")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    answer = public()
    assert (answer.kind, answer.sent) == ("dns", False)
    assert "vendor.test" in answer.message and "secret" not in answer.message


def test_label_too_long_for_dns(outbound, call):
    """A name that cannot be asked for is an unknown name, not a crash."""
    target = Target(vendor="http", base_url=f"https://{'a' * 64}.test")
    assert outbound.send(call, target).kind == "dns"


def test_resolver_that_hangs(public, monkeypatch):
    """A resolver that does not answer is given up when the call's time is over.

    Where the machine stalls that may be over before the resolver is asked, but not each time.
    """
    release = threading.Event()
    monkeypatch.setattr(names, "_resolve", lambda host: release.wait(ENDLESS) and [])
    for _ in range(5):
        answer = public(timeout=0.3)
        if answer.kind != "timeout":
            break
    release.set()
    assert (answer.kind, answer.sent) == ("dns", False)
    assert answer.elapsed < LONG


def test_environment_is_not_read(serve, call, monkeypatch, tmp_path):
    """Proxy variables, .netrc and CA variables of the environment change nothing."""
    proxy, server = serve(), serve()
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("NO_PROXY", "")
    outbound = Outbound(allowed_networks=LOOPBACK)
    assert outbound.send(call, server.target()).status == 200
    outbound.close()
    assert proxy.connections == 0
    assert b"authorization" not in server.requests[0].lower()
