"""The whole bridge at work on this machine: pretend vendors, a real `bridge serve`, freshly signed recorded events.

The calls that vendors should receive are computed from the mapping files, without the running bridge, and compared
with those that they received. Everything is in a temporary folder and on loopback, with invented secrets.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bridge import log, mapping, providers, vendors
from bridge.demo.week import Week
from bridge.errors import ConfigurationError, StoreUnavailable
from bridge.mapping import Ruleset, Source
from bridge.model import Call, Event, Request, SecretRef
from bridge.outbound import Outbound
from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.sandbox.server import SandboxServer
from bridge.sandbox.state import Recorded
from bridge.secret import resolve
from bridge.serve import follow_parent
from bridge.services import accounts, passwords, posting
from bridge.services.altering import renewed
from bridge.state import State
from bridge.store import Database, migrate, views
from bridge.store.audit import By

# Seconds for the bridge to answer.
START = 60.0
# Seconds for the calls to arrive.
ARRIVE = 30.0

# Who signs in to the demo's console.
PERSON = "demo"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Sending:
    """A recorded payload to send: its source, and its events."""

    name: str
    source: Source
    request: Request
    events: tuple[Event, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One call that a vendor must receive, in a form that can be compared."""

    vendor: str
    method: str
    path: str
    body: str

    @classmethod
    def of(cls, vendor: str, call: Call | Recorded) -> "Wanted":
        """Compares JSON bodies as values, so that the order of keys does not matter."""
        try:
            value = json.loads(call.body or b"null")
            text = json.dumps(value, sort_keys=True, ensure_ascii=False)
        except ValueError:
            text = repr(call.body)
        return cls(vendor=vendor, method=call.method, path=call.path, body=text)


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A running demo."""

    url: str
    admin_url: str
    folder: Path
    sandbox: SandboxServer
    ruleset: Ruleset
    environ: Mapping[str, str]
    database: Database
    # Of PERSON's account in the console.
    password: str

    def sendings(self) -> list[Sending]:
        """Every recorded payload that the mapping files' tests name, once, oldest event first."""
        cases = {case.given: case for case in self.ruleset.cases}
        sendings = [self._sending(case) for case in cases.values()]
        return sorted(sendings, key=lambda item: item.events[0].occurred_at or _EPOCH)

    def _sending(self, case: mapping.Case) -> Sending:
        source = self.ruleset.sources[case.source]
        path = self.folder / Path(case.place.file).parent / case.given
        request = mapping.read_recording(path, source.name)
        events = providers.read(source.provider, source.name, providers.trust(request))
        return Sending(
            name=Path(case.given).name, source=source, request=request, events=events
        )

    def wanted(self, sendings: Sequence[Sending]) -> list[Wanted]:
        """The calls that these events lead to."""
        return [
            Wanted.of(rendered.connection.vendor, rendered.call)
            for sending in sendings
            for event in sending.events
            for decision in mapping.route(event, self.ruleset)
            for rendered in decision.rendered
            if not rendered.shadow and not rendered.hold
        ]

    def received(self) -> list[Wanted]:
        """The calls that vendors have received so far."""
        return [Wanted.of(call.vendor, call) for call in self.sandbox.calls()]

    def under_way(self) -> bool:
        """Whether the bridge still has something to route or to send."""
        with self.database.read() as tx:
            unmade = {state for _, state in views.count_deliveries(tx)}
            return bool(views.count_unrouted(tx)) or State.SENDING in unmade

    def waiting(self) -> list[str]:
        """Why the remaining deliveries wait or failed, in the store's words."""
        with self.database.read() as tx:
            rows = views.list_deliveries(tx)
        unmade = [row for row in rows if row["state"] != State.DELIVERED]
        return [f"{row['rule']}: {row['state']}, {row['reason']}" for row in unmade]

    def send(self, sending: Sending, number: int = 0) -> int:
        """Signs a recorded payload as its provider would now, and posts it; returns the status of the answer.

        With a number it is a new event, if its sender's events have ids.
        """
        source = sending.source
        secret = resolve(source.secrets[0], self.environ)
        sender = posting.Sender(source=source, secret=secret, public_url=self.url)
        request = sender.addressed(sending.request)
        if number:
            with suppress(ConfigurationError):
                request = renewed(source.provider, request, number)
        return posting.post(self.url, sender.signed(request, datetime.now(UTC))).status

    def wait(self, wanted: Sequence[Wanted]) -> tuple[list[Wanted], list[Wanted]]:
        """Waits for all calls; returns those that are missing, and those that were not expected."""
        until = time.monotonic() + ARRIVE
        while time.monotonic() < until and (
            _missing(wanted, self.received()) or self.under_way()
        ):
            time.sleep(0.05)
        received = self.received()
        return _missing(wanted, received), _missing(received, wanted)


@contextmanager
def running(folder: Path, *, week: bool = False) -> Iterator[Demo]:
    """A demo of a mapping folder; with `week` its store holds the events of the last seven days.

    Raises MappingError with the findings if the folder has errors.
    """
    ruleset = mapping.load(folder).usable()
    with (
        tempfile.TemporaryDirectory(prefix="bridge-demo-") as scratch,
        SandboxServer() as sandbox,
    ):
        hooks, admin = _free_ports(2)
        environ = {
            **_secrets(ruleset),
            "BRIDGE_MAPPINGS": str(folder),
            "BRIDGE_DATABASE_URL": f"sqlite:///{scratch}/bridge.db",
            "BRIDGE_BIND": f"127.0.0.1:{hooks}",
            "BRIDGE_ADMIN_BIND": f"127.0.0.1:{admin}",
            "BRIDGE_PUBLIC_URL": f"http://127.0.0.1:{hooks}",
            "BRIDGE_SANDBOX_URL": sandbox.url,
            "BRIDGE_ENVIRONMENT": "demo",
            "BRIDGE_SECRET_KEY": secrets.token_urlsafe(32),
        }
        if week:
            _live_a_week(folder, sandbox, environ)
        with (
            _serving(environ, Path(scratch) / "bridge.log"),
            closing(Database(environ["BRIDGE_DATABASE_URL"])) as database,
        ):
            yield Demo(
                url=environ["BRIDGE_PUBLIC_URL"],
                admin_url=f"http://127.0.0.1:{admin}",
                folder=folder,
                sandbox=sandbox,
                ruleset=ruleset,
                environ=environ,
                database=database,
                password=_first_account(database),
            )


def _first_account(database: Database) -> str:
    """Makes the account of the console; returns its password."""
    password = passwords.made()
    by = By(person=PERSON, reason="the demo began")
    accounts.add(database, PERSON, "admin", password, by, now=datetime.now(UTC))
    return password


def _live_a_week(
    folder: Path, sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    # Rules and worker find the secrets where the bridge that is started later finds them.
    os.environ.update(environ)
    log.silence()
    with closing(Database(environ["BRIDGE_DATABASE_URL"])) as database:
        migrate(database)
        Week(
            database=database,
            folder=folder,
            ruleset=mapping.load(folder).usable(),
            sandbox=sandbox,
            outbound=Outbound(sandbox_url=sandbox.url),
            now=datetime.now(UTC),
        ).live()


@contextmanager
def _serving(environ: Mapping[str, str], log: Path) -> Iterator[None]:
    """`bridge serve` until the block ends, without this process's own settings and secrets."""
    kept = {key: os.environ[key] for key in os.environ if key[:7] != "BRIDGE_"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge", "serve"],
            env={**kept, **environ},
            stderr=out,
            preexec_fn=follow_parent(),
        )
        try:
            _wait_ready(environ["BRIDGE_PUBLIC_URL"], process, log)
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ready = Request(
        method="GET", target="/readyz", headers=(), body=b"", received_at=_EPOCH
    )
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        with suppress(posting.Unreachable):
            if posting.post(url, ready).status == 200:
                return
        time.sleep(0.05)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise StoreUnavailable(f"`bridge serve` did not start:\n{tail}")


def _secrets(ruleset: Ruleset) -> dict[str, str]:
    """An invented value for every environment variable that the mapping files name."""
    values: dict[str, str] = {}
    for reference in ruleset.references:
        if reference.kind != "env":
            raise ConfigurationError(
                f"the demo cannot invent a value for {reference}: use {{env: NAME}}"
            )
        values[reference.name] = f"demo-{reference.name.lower().replace('_', '-')}"
    for connection in (rule.connection for rule in ruleset.rules):
        options = vendors.get(connection.vendor).options().fields
        for name, option in connection.options.items():
            for reference in _references(option):
                values[reference.name] = str(options[name].metadata["example"])
        for reference in _references(connection.auth):
            credential = DEFAULT_CREDENTIALS.get(connection.vendor, "demo")
            values[reference.name] = credential
    return values


def _references(value: object) -> Iterator[SecretRef]:
    if isinstance(value, SecretRef):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _references(item)


def _missing(wanted: Sequence[Wanted], received: Sequence[Wanted]) -> list[Wanted]:
    return list((Counter(wanted) - Counter(received)).elements())


def _free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for item in sockets:
        item.bind(("127.0.0.1", 0))
    ports = [int(item.getsockname()[1]) for item in sockets]
    for item in sockets:
        item.close()
    return ports
