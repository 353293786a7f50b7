"""Whether a host could be called: everything that comes before the first byte of a call, and no byte of it."""

import socket
from dataclasses import replace
from ipaddress import ip_address

import pytest

from bridge.outbound import Outbound, dial
from bridge.outbound.target import ClientCredentials


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """Every name of these tests is at 127.0.0.1."""
    here = [ip_address("127.0.0.1")]
    monkeypatch.setattr(dial, "lookup", lambda exchange, host: here)


def test_a_host_that_can_be_called_gets_no_request(serve, outbound):
    """By TLS and without; the server sees a connection that ends."""
    for scheme, certificate in (("https", "vendor.pem"), ("http", None)):
        server = serve(certificate=certificate)
        assert outbound.unreachable(server.target("vendor.test", scheme)) == ""
        assert server.requests == []


def test_a_certificate_is_checked_as_for_a_call(serve, outbound):
    """The sentence is the one that a call would end with."""
    server = serve(certificate="expired.pem")
    said = outbound.unreachable(server.target("vendor.test", "https"))
    assert "vendor.test has expired" in said


def test_a_port_where_nobody_listens_is_said(serve, outbound):
    """A refused connection is no answer."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    target = replace(serve().target(), base_url=f"http://127.0.0.1:{port}")
    assert f"refused the connection on port {port}" in outbound.unreachable(target)


def test_the_network_policy_holds(serve, strict):
    """What a call may not reach is not looked at either."""
    server = serve()
    said = strict.unreachable(server.target())
    assert "a loopback address" in said and server.connections == 0


def test_the_host_of_tokens_is_looked_at_too(serve, outbound):
    """Without a token no call could be made."""
    client = ClientCredentials(
        token_url="ftp://tokens.test", client_id="i", client_secret="s"
    )
    target = replace(serve().target(), oauth2=client)
    assert "must start with https://" in outbound.unreachable(target)


def test_with_a_sandbox_nothing_else_is_looked_at(serve):
    """Then every call goes to the sandbox, so that is what has to be there."""
    server = serve()
    outbound = Outbound(sandbox_url=server.target().base_url)
    elsewhere = replace(server.target(), base_url="https://vendor.test:1")
    assert outbound.unreachable(elsewhere) == ""
    outbound.close()
