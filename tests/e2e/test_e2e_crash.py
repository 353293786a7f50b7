"""What was answered 2xx survives kill -9 of every process at any moment, in order."""

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
from bridge.store.filtering import Condition

ROUNDS = 3


class Sender:
    """Posts events until told to stop, and remembers which of them got a 2xx: number to kind and event id."""

    def __init__(self, url, number):
        self.url, self.number, self.acknowledged = url, number, {}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def _run(self):
        while not self.stopping.wait(0.05):
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
        event = stripe_event(
            "invoice.paid__clp.http", id=f"evt_{number}", created=number
        )
        event["data"]["object"]["amount_paid"] = number
        event["data"]["object"]["metadata"] = {"vambe_ticket_id": ticket(number)}
    else:
        event = stripe_event(
            "invoice.payment_failed__two_tickets.http", id=f"evt_{number}"
        )
        event["data"]["object"]["metadata"] = {"kapture_tickets": str(number)}
    return json.dumps(event).encode()


def ticket(number):
    """Six numbers in a row update one ticket."""
    return str(uuid.UUID(int=number // 6, version=4))


@pytest.mark.slow
def test_acknowledged_events_survive_kill_9(tmp_path):
    """Every 2xx reaches its vendor after restarts, newest amount last, or is held where repeating would add a comment.

    Each kill comes while calls are under way, so that the take-over of lost leases is what finishes them. Taking that
    out of the worker (_keep_leases), or the event's insert out of the transaction, makes this fail.
    """
    chance = random.Random(20261122)
    with SandboxServer() as sandbox, bridge(
        tmp_path, sandbox, DEFAULT_CREDENTIALS
    ) as running:
        sandbox.fault(delay=0.5, count=None)
        acknowledged = {}
        for _ in range(ROUNDS):
            running.start()
            with Sender(running.url, max(acknowledged, default=0) + 100) as sender:
                assert eventually(lambda: len(sender.acknowledged) > 3)
                time.sleep(chance.uniform(0.1, 1))
                assert eventually(lambda: rows(running, "sending"))
                running.kill_group()
            acknowledged |= sender.acknowledged
        assert len(acknowledged) > 10
        running.start()
        done = eventually(
            lambda: not missing(running, sandbox, acknowledged), seconds=240
        )
        assert done, missing(running, sandbox, acknowledged)
        assert lost_attempts(running) > 0


def rows(running, state):
    where = [Condition(key="state", value=state)]
    return read(running, lambda c: views.list_deliveries(c, where, limit=10_000))


def lost_attempts(running):
    query = "SELECT count(*) FROM attempts WHERE code = 'worker_lost'"
    return read(running, lambda c: c.exec_driver_sql(query).scalar_one())


def read(running, job):
    database = running.database()
    try:
        with database.read() as connection:
            return job(connection)
    finally:
        database.close()


def missing(running, sandbox, acknowledged):
    """The acknowledged events that neither reached their vendor, or were followed by a newer one, nor are held."""
    amounts, comments = sandbox.tickets("vambe"), sandbox.tickets("kapture")
    held = {row["event"] for row in rows(running, "held")}

    def arrived(number, kind, event_id):
        if kind == "replacing":
            return amounts.get(ticket(number), {}).get("amount", 0) >= number
        return str(number) in comments or event_id in held

    return [
        number
        for number, (kind, id) in acknowledged.items()
        if not arrived(number, kind, id)
    ]
