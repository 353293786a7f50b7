"""What was answered 2xx survives kill -9 of every process at any moment."""

import json
import random
import threading
import time
import uuid

import pytest
import requests
from running import bridge, eventually, post, stripe_event

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.sandbox.server import SandboxServer
from bridge.store import views

ROUNDS = 3


class Sender:
    """Posts events until told to stop, and remembers which of them got a 2xx."""

    def __init__(self, url, start):
        self.url, self.number, self.acknowledged = url, start, {}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def _run(self):
        while not self.stopping.is_set():
            self.number += 1
            kind = "replacing" if self.number % 3 else "appending"
            try:
                answer = post(self.url, body(kind, self.number))
            except requests.RequestException:
                continue
            if answer.status_code in (200, 202):
                self.acknowledged[self.number] = (kind, answer.json()["events"][0])


def body(kind, number):
    if kind == "replacing":
        event = stripe_event("invoice.paid__clp.http", id=f"evt_{number}")
        event["data"]["object"]["amount_paid"] = number
        event["data"]["object"]["metadata"] = {"vambe_ticket_id": ticket(number)}
    else:
        event = stripe_event(
            "invoice.payment_failed__two_tickets.http", id=f"evt_{number}"
        )
        event["data"]["object"]["metadata"] = {"kapture_tickets": str(number)}
    return json.dumps(event).encode()


def ticket(number):
    return str(uuid.UUID(int=number, version=4))


@pytest.mark.slow
def test_acknowledged_events_survive_kill_9(tmp_path):
    """Every 2xx reaches its vendor after restarts, or is held where sending again would append a comment.

    Taking the event's insert out of the write transaction, or the take-over of lost leases out of the worker, makes
    this fail.
    """
    chance = random.Random(20261122)
    with SandboxServer() as sandbox, bridge(
        tmp_path, sandbox, DEFAULT_CREDENTIALS
    ) as running:
        sandbox.fault(delay=0.1, count=None)
        acknowledged = {}
        for _ in range(ROUNDS):
            running.start()
            with Sender(running.url, max(acknowledged, default=0) + 1_000) as sender:
                time.sleep(chance.uniform(0.3, 1.5))
                running.kill_group()
            acknowledged |= sender.acknowledged
        assert len(acknowledged) > 10
        running.start()
        lost = eventually(
            lambda: not missing(running, sandbox, acknowledged), seconds=60
        )
        assert lost, missing(running, sandbox, acknowledged)


def missing(running, sandbox, acknowledged):
    """The acknowledged events that neither reached their vendor nor wait for a person."""
    amounts, comments = sandbox.tickets("vambe"), sandbox.tickets("kapture")
    database = running.database()
    with database.read() as connection:
        rows = views.list_deliveries(connection, state="held", limit=10_000)
    database.close()
    held = {row["event"] for row in rows}

    def arrived(number, kind, event_id):
        if kind == "replacing":
            return amounts.get(ticket(number), {}).get("amount") == number
        return str(number) in comments or event_id in held

    return [
        number
        for number, (kind, id) in acknowledged.items()
        if not arrived(number, kind, id)
    ]
