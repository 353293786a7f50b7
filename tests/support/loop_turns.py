"""Takes one hostile request in, or routes it, as a process of the bridge does that runs on gevent.

Prints as JSON the longest between two turns of the loop, what it took in all (both in seconds of processor time), and
how often the loop went on meanwhile.
"""

from gevent import monkey

monkey.patch_all()

import gzip  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import gevent  # noqa: E402
from fronts import parts  # noqa: E402
from running import SECRET  # noqa: E402
from senders import signature  # noqa: E402

from bridge.app import hooks_app  # noqa: E402
from bridge.settings import Settings  # noqa: E402
from bridge.store import Database, migrate  # noqa: E402
from bridge.worker.asking import Asker  # noqa: E402
from bridge.worker.routing import Router  # noqa: E402


class Watch:
    """Measures the turns of the loop while something is done."""

    def __init__(self):
        self.longest, self.turns, self._last = 0.0, 0, time.process_time()

    def look(self):
        now = time.process_time()
        self.longest = max(self.longest, now - self._last)
        self.turns, self._last = self.turns + 1, now

    def run(self, work):
        def turn():
            while True:
                gevent.sleep(0)
                self.look()

        turning = gevent.spawn(turn)
        gevent.sleep(0)
        started = time.process_time()
        self._last, self.turns = time.process_time(), 0
        result = work()
        self.look()
        self.spent = time.process_time() - started
        turning.kill()
        return result


def body(kind):
    """About a megabyte that takes long to read; `packed` is small until it is unpacked."""
    event = '{"id":"evt_1","type":"invoice.paid","created":1714730400,"data":'
    part, count = {
        "objects": ('{"a":1}', 120_000),
        "lists": ("[]", 300_000),
        "packed": ("1.5", 500_000),
    }[kind]
    return (event + "[" + ",".join([part] * count) + "]}").encode()


def main(kind, folder):
    os.environ |= {"STRIPE_WEBHOOK_SECRET": SECRET}
    os.environ |= {"VAMBE_API_KEY": "v", "KAPTURE_TOKEN": "k"}
    database = Database(f"sqlite:///{folder}/bridge.db")
    migrate(database)
    made = parts(database, Path(folder), Settings())
    raw = body(kind)
    coded = {}
    if kind == "packed":
        raw, coded = gzip.compress(raw), {"Content-Encoding": "gzip"}
    client = hooks_app(made).test_client()

    def post(raw, **more):
        headers = {"Stripe-Signature": signature(raw), **more}
        return client.post(
            "/hooks/stripe", data=raw, headers=headers, content_type="application/json"
        ).status_code

    post(b'{"id":"evt_0"}')  # what is loaded at first use
    router = Router(database, Asker(""))
    router.route_waiting(made.rules.current())
    receiving, routing = Watch(), Watch()
    status = receiving.run(lambda: post(raw, **coded))
    routed = routing.run(lambda: router.route_waiting(made.rules.current()))
    said = {"status": status, "routed": routed}
    for name, watch in (("receiving", receiving), ("routing", routing)):
        said[name] = [watch.longest, watch.spent, watch.turns]
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
