"""A raw vendor on loopback, an Outbound that may reach it, and a call to send."""

from collections.abc import Callable, Iterator

import pytest
from outbound_server import LOOPBACK, OK, TLS, RawServer

from bridge.model import Call, Reply
from bridge.outbound import Outbound, Target


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


@pytest.fixture
def send_in_time(outbound: Outbound) -> Callable[..., object]:
    """send_in_time(call, target, timeout): what came of a call that left before its time was up.

    A machine that stalls may keep it from leaving, but not each time.
    """

    def send(call: Call, target: Target, timeout: float) -> object:
        for _ in range(5):
            answer = outbound.send(call, target, timeout=timeout)
            if isinstance(answer, Reply) or answer.sent:
                break
        return answer

    return send


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection stays usable however long the machine stalls between two calls."""
    monkeypatch.setattr("bridge.outbound.transport.MAX_IDLE", 600.0)


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
