"""A real bridge for tests: `bridge serve` in its own processes, against a sandbox, on ports and files of the test."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import requests

from bridge.store import Database
from bridge.strict import http

ROOT = Path(__file__).parents[2]
PAYLOADS = ROOT / "tests" / "payloads"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "whsec_test_secret"

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
  - id: failed-adds-comment
    events: [invoice.payment_failed]
    let: { inv: "{{ event.data.object }}" }
    for_each: { in: "{{ inv.metadata.kapture_tickets | split(',') }}", as: ticket, key: "{{ ticket }}" }
    target: kapture.update_ticket
    connection: { subdomain: acme }
    auth: { basic_token: { env: KAPTURE_TOKEN } }
    fields: { ticket_id: "{{ ticket }}", sub_status: PS, comment: "Payment failed" }
"""


def free_port():
    """A port that was free a moment ago; below those that systems give to connections, so that none takes it since."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Bridge:
    """One bridge: its folder, its environment, and its processes while they run."""

    def __init__(self, folder, sandbox_url, credentials, mapping=MAPPING):
        self.folder = folder
        (folder / "mappings").mkdir(exist_ok=True)
        (folder / "mappings" / "rules.yaml").write_text(mapping)
        self.port, self.admin_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = f"sqlite:///{folder}/bridge.db"
        self.log = folder / "bridge.log"
        self.process = None
        self.environ = {
            **{
                key: value
                for key, value in os.environ.items()
                if not key.startswith("BRIDGE_")
            },
            "BRIDGE_MAPPINGS": str(folder / "mappings"),
            "BRIDGE_DATABASE_URL": self.database_url,
            "BRIDGE_BIND": f"127.0.0.1:{self.port}",
            "BRIDGE_ADMIN_BIND": f"127.0.0.1:{self.admin_port}",
            "BRIDGE_PUBLIC_URL": self.url,
            "BRIDGE_SANDBOX_URL": sandbox_url,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "VAMBE_API_KEY": credentials["vambe"],
            "KAPTURE_TOKEN": credentials["kapture"],
        }

    def start(self, *arguments, command=("-m", "bridge", "serve"), wait=True):
        """Starts it in a process group of its own and waits until it answers."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, *command, *arguments],
                env=self.environ,
                cwd=ROOT,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds=300):
        """Waits until it answers; one that ends instead is noticed at once, so a busy machine may take its time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.url}/readyz", timeout=10).status_code == 200:
                    return
            except requests.RequestException:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(
            f"the bridge did not start:\n{self.log.read_text()[-4000:]}"
        )

    def kill_group(self):
        """kill -9 of the whole process group, as a crash of the machine would."""
        with suppress(ProcessLookupError):  # nothing of it is left
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=60)

    def stop(self):
        """SIGTERM to the parent; its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=120)

    def end(self):
        """Whatever state it is in, nothing of it runs afterwards, its children without a parent included."""
        if self.process is not None:
            self.kill_group()

    def database(self):
        return Database(self.database_url)

    def run(self, *arguments):
        """A command of this bridge's terminal."""
        return subprocess.run(
            [sys.executable, "-m", "bridge", *arguments],
            env=self.environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )


@contextmanager
def bridge(folder, sandbox, credentials, mapping=MAPPING):
    made = Bridge(folder, sandbox.url, credentials, mapping)
    try:
        yield made
    finally:
        made.end()


def stripe_event(name, **changes):
    """A recorded Stripe event as parsed JSON, with changes to its top level or its object's metadata."""
    import json

    event = json.loads(http.parse((PAYLOADS / "stripe" / name).read_bytes()).body)
    metadata = changes.pop("metadata", None)
    event.update(changes)
    if metadata is not None:
        event["data"]["object"]["metadata"] = metadata
    return event


def sign(body, secret=SECRET, now=None):
    """The Stripe-Signature header for a body, by the official package."""
    import stripe

    moment = int((now or datetime.now(UTC)).timestamp())
    mac = stripe.WebhookSignature._compute_signature(
        f"{moment}.{body.decode()}", secret
    )
    return f"t={moment},v1={mac}"


def post(url, body, secret=SECRET, source="stripe", **headers):
    """Posts a body to a hook, signed by the official package unless a signature is given."""
    if "Stripe-Signature" not in headers:
        headers["Stripe-Signature"] = sign(body, secret)
    headers.setdefault("Content-Type", "application/json")
    return requests.post(
        f"{url}/hooks/{source}", data=body, headers=headers, timeout=60
    )


def taken(url, body, **options):
    """Posts until the answer is 2xx, as senders do: a store that is slow for a moment is a 503. The last answer."""
    answer = eventually(
        lambda: (lambda got: got.ok and got)(post(url, body, **options))
    )
    assert answer and answer.status_code in (200, 202)
    return answer


def settled(ask, seconds=180):
    """The status that `ask` gets once it is not 503 any more: a store may be slow for a moment, and senders try again.

    What was stored after its 503 is a duplicate by then: such a 200 stands for the 202 that was not waited for.
    """
    until = time.monotonic() + seconds
    status = first = ask()
    while status == 503 and time.monotonic() < until:
        time.sleep(0.05)
        status = ask()
    return 202 if (first, status) == (503, 200) else status


def refused(running):
    """Whether nothing listens at the hooks' port."""
    try:
        socket.create_connection(("127.0.0.1", running.port), timeout=60).close()
    except ConnectionRefusedError:
        return True
    return False


def eventually(condition, seconds=180):
    """Waits until a condition holds; its value. The limit is for what never comes: a busy machine takes its time."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > until:
            return value
        time.sleep(0.05)
