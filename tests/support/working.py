"""A worker that does what it is told, when it is told, and the events that it is given."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from running import MAPPING, stripe_event
from sqlalchemy import func, select

from bridge import mapping, providers
from bridge.model import Request
from bridge.outbound import Outbound
from bridge.store import clock, events, views
from bridge.store.filtering import Condition
from bridge.store.queue import claims as queue
from bridge.store.tables import deliveries
from bridge.worker import Worker
from bridge.worker.keeping import LEASE

TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


class Bench:
    """A store, a ruleset and a worker that does what it is told, when it is told."""

    def __init__(self, database, sandbox, text=MAPPING, environment=""):
        self.database, self.sandbox = database, sandbox
        self.ruleset = mapping.build({"rules.yaml": text}).usable()
        self.environment = environment
        self.ahead = timedelta(0)  # of the time that it is
        self.worker = self.new_worker()

    def new_worker(self):
        outbound = Outbound(sandbox_url=self.sandbox.url)
        return Worker(
            self.database,
            lambda: self.ruleset,
            outbound,
            environment=self.environment,
            clock=self.clock,
        )

    def clock(self, connection):
        """The time that its workers go by."""
        return clock(connection) + self.ahead

    def receive(self, event):
        """Stores an event as the front door would; its id."""
        return self.accept("stripe", event).ids[0]

    def accept(self, source, payload, kept=None):
        """What was accepted of a source's event; `kept` is stored as its body instead."""
        return self.database.write(
            lambda c: accept(c, self.ruleset, source, payload, kept)
        )

    def work(self):
        """Works until nothing is due."""
        self.worker.join()
        while self.worker.work_once():
            self.worker.join()

    def deliveries(self, **asked):
        """Oldest first; `asked` as in a filter."""
        where = [Condition(key=key, value=value) for key, value in asked.items()]
        with self.database.read() as connection:
            return list(reversed(views.list_deliveries(connection, where)))

    def states(self):
        return [row["state"] for row in self.deliveries()]

    def attempts(self, id):
        with self.database.read() as connection:
            return views.attempts_of(connection, id)

    def make_due(self):
        """The clock goes on until the time of every retry has come."""
        with self.database.read() as connection:
            mine = deliveries.c.state == "waiting"
            query = select(func.max(deliveries.c.due_at)).where(mine)
            due, now = connection.execute(query).scalar(), self.clock(connection)
        if due and due > now:
            self.ahead += due - now

    def lose(self):
        """Another worker claims what is due, and vanishes: its claim, whose lease has run out by now."""
        claimed = self.database.write(
            lambda c: queue.claim(c, "gone", self.clock(c), LEASE, 9)
        )
        self.ahead += 2 * LEASE
        return claimed


def accept(connection, ruleset, source, payload, kept=None, at=None):
    """Takes in what a source posts, as the front door does, inside a transaction."""
    request = Request(
        method="POST",
        target=f"/hooks/{source}",
        headers=(("Content-Type", "application/json"),),
        body=json.dumps(payload).encode(),
        received_at=at or datetime.now(UTC),
    )
    provider = ruleset.sources[source].provider
    received = providers.read(provider, source, providers.trust(request))
    request = replace(request, body=kept or request.body)
    return events.accept(connection, request, received)


def paid(id, amount=150000, ticket=TICKET, **changes):
    event = stripe_event("invoice.paid__clp.http", id=id, **changes)
    event["data"]["object"]["amount_paid"] = amount
    event["data"]["object"]["metadata"] = {"vambe_ticket_id": ticket}
    return event


def failed(id, tickets="713516551148"):
    event = stripe_event("invoice.payment_failed__two_tickets.http", id=id)
    event["data"]["object"]["metadata"] = {"kapture_tickets": tickets}
    return event
