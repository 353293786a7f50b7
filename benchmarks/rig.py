"""What the benchmarks of a whole bridge share: its processes in a folder of their own, and events to send to it."""

import hashlib
import hmac
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.strict import http

ROOT = Path(__file__).parents[1]
RECORDING = ROOT / "tests/payloads/stripe/invoice.paid__clp.http"
KEPT = (  # of the recorded invoice: what makes 1.5 KB
    "id object account_country account_name amount_due amount_paid amount_remaining attempted auto_advance "
    "billing_reason collection_method created currency customer customer_address customer_email customer_name "
    "customer_phone hosted_invoice_url livemode metadata number parent period_end period_start status subtotal total"
).split()
SECRET = "whsec_benchmark"
MAPPING = """
version: 1
source: { name: stripe, verify: { secret: { env: STRIPE_WEBHOOK_SECRET } } }
rules:
  - id: paid-sets-amount
    events: [invoice.paid]
    let: { inv: "{{ event.data.object }}" }
    target: vambe.update_amount
    auth: { api_key: { env: VAMBE_API_KEY } }
    fields:
      ticket_id: "{{ inv.metadata.vambe_ticket_id | uuid }}"
      amount: "{{ inv.amount_paid | from_minor(inv.currency) }}"
      currency: "{{ inv.currency | upper }}"
"""
# More than the usual four calls at once, so that the bridge and not its budget is measured.
CONNECTION = "    connection: { concurrency: 32 }\n"


@dataclass(frozen=True, kw_only=True)
class Server:
    """Processes that answer at a port."""

    port: int
    process: "subprocess.Popen[bytes]"

    def family(self) -> list[int]:
        """The process ids of it and of all that it started."""
        found = [self.process.pid]
        for pid in found:
            for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, tasks.read_text().split())
        return found

    def processor_seconds(self) -> float:
        """Processor time of all its processes so far."""
        ticks = 0
        for pid in self.family():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Memory of all its processes, what they share counted once (PSS)."""
        total = 0
        for pid in self.family():
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(rollup.partition("\nPss:")[2].split()[0])
        return total / 1024


@contextmanager
def folder() -> Iterator[Path]:
    """A folder with the mapping file; gone afterwards."""
    with TemporaryDirectory(prefix="bridge-benchmark-") as name:
        made = Path(name)
        (made / "mappings").mkdir()
        (made / "mappings" / "rules.yaml").write_text(MAPPING + CONNECTION, "utf-8")
        yield made


@contextmanager
def bare(where: Path, **environ: str) -> Iterator[Server]:
    """A bare Flask route under the bridge's gunicorn settings."""
    gunicorn = ["gunicorn", "--config", "python:bridge.receive.server", "bare:app"]
    command, cwd = ["-m", *gunicorn], ROOT / "benchmarks"
    with serving(where, command, cwd=cwd, **environ) as server:
        yield server


@contextmanager
def bridge(where: Path, *arguments: str, **environ: str) -> Iterator[Server]:
    """`bridge serve`."""
    with serving(where, ["-m", "bridge", "serve", *arguments], **environ) as server:
        yield server


@contextmanager
def worker(where: Path, **environ: str) -> Iterator[None]:
    """`bridge worker`."""
    command = [sys.executable, "-m", "bridge", "worker"]
    with _started(command, _environment(where, environ), where):
        yield


@contextmanager
def serving(
    where: Path, command: Sequence[str], *, cwd: Path | None = None, **environ: str
) -> Iterator[Server]:
    """A Python that runs the command and answers at a port of its own; told to stop at the end."""
    port = free_port()
    own = {
        "BRIDGE_BIND": f"127.0.0.1:{port}",
        "BRIDGE_ADMIN_BIND": f"127.0.0.1:{free_port()}",
    }
    whole = _environment(where, {**own, **environ})
    with answering([sys.executable, *command], port, whole, where, cwd) as server:
        yield server


def _environment(where: Path, own: dict[str, str]) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("BRIDGE_")},
        "PYTHONPATH": path,
        "BRIDGE_MAPPINGS": str(where / "mappings"),
        "BRIDGE_DATABASE_URL": f"sqlite:///{where}/bridge.db",
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "VAMBE_API_KEY": "benchmark",
        **own,
    }


@contextmanager
def answering(
    command: Sequence[str],
    port: int,
    environ: dict[str, str],
    where: Path,
    cwd: Path | None = None,
) -> Iterator[Server]:
    """A program that serves at a port, once it does; told to stop at the end. Its output goes to `where`/log."""
    with _started(command, environ, where, cwd) as process:
        _wait_until_it_answers(port, where / "log")
        yield Server(port=port, process=process)


@contextmanager
def _started(
    command: Sequence[str],
    environ: dict[str, str],
    where: Path,
    cwd: Path | None = None,
) -> "Iterator[subprocess.Popen[bytes]]":
    with (where / "log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environ or None, cwd=cwd, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


@contextmanager
def vendor() -> Iterator["Vendor"]:
    """The ticket system that all calls go to."""
    port = free_port()
    program = [sys.executable, str(Path(__file__).with_name("vendor.py")), str(port)]
    with TemporaryDirectory() as name:
        with answering(program, port, {}, Path(name)):
            yield Vendor(f"http://127.0.0.1:{port}")


class Vendor:
    """What was called there, and when."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[tuple[int, float]] = []  # ticket number, monotonic clock

    def wait_for(self, number: int, seconds: float) -> list[tuple[int, float]]:
        """The calls, once there are so many. Raises RuntimeError when they do not come."""
        until = time.monotonic() + seconds
        while len(self.calls) < number:
            with urllib.request.urlopen(f"{self.url}/calls", timeout=10) as answer:
                self.calls += [(ticket, at) for ticket, at in json.load(answer)]
            if time.monotonic() > until:
                raise RuntimeError(f"{len(self.calls)} of {number} calls came")
            time.sleep(0.1)
        return self.calls


def _wait_until_it_answers(port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1)
            return
        except urllib.error.HTTPError:  # it knows no such path
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"it did not start:\n{log.read_text()[-2000:]}")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def signed_events(prefix: str, *, tickets: int = 1_000_000) -> Iterator[bytes]:
    """Requests with Stripe events of about 1.5 KB, each with an id of its own, signed now, for so many tickets."""
    event = json.loads(http.parse(RECORDING.read_bytes()).body)
    invoice = event["data"]["object"]
    event["data"]["object"] = {key: invoice[key] for key in KEPT}
    metadata = event["data"]["object"]["metadata"]
    for number in itertools.count():
        event["id"] = f"evt_{prefix}{number}"
        metadata["vambe_ticket_id"] = f"a1b2c3d4-e5f6-7890-abcd-{number % tickets:012d}"
        yield _request(json.dumps(event).encode())


def _request(body: bytes) -> bytes:
    moment = int(time.time())
    signed = b"%d.%s" % (moment, body)
    mac = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return (
        b"POST /hooks/stripe HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json; charset=utf-8\r\n"
        b"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n"
        b"Accept: */*; q=0.5, application/xml\r\nCache-Control: no-cache\r\n"
        b"Stripe-Signature: t=%d,v1=%s\r\nContent-Length: %d\r\n\r\n%s"
    ) % (moment, mac.encode(), len(body), body)
