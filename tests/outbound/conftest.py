"""A raw vendor on loopback, an Outbound that may reach it, and a call to send."""

from collections.abc import Callable, Iterator

import pytest
from outbound_server import LOOPBACK, OK, TLS, RawServer

from bridge.model import Call
from bridge.outbound import Outbound


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """serve(answer, certificate=None) starts a RawServer; all are stopped after the test."""
    servers = []

    def start(answer: object = OK, certificate: str | None = None) -> RawServer:
        servers.append(RawServer(answer, certificate))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def outbound() -> Iterator[Outbound]:
    """An Outbound that may reach loopback and trusts the test authority."""
    client = Outbound(allowed_networks=LOOPBACK, ca_bundle=str(TLS / "ca.pem"))
    yield client
    client.close()


@pytest.fixture(scope="session")
def strict() -> Iterator[Outbound]:
    """An Outbound as it comes: public addresses alone, built-in roots alone."""
    client = Outbound()
    yield client
    client.close()


@pytest.fixture
def call() -> Call:
    """A call whose query must not show up in any message."""
    return Call(method="POST", path="/tickets", query=(("key", "s3cret"),), body=b"{}")
