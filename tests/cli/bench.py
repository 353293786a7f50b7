"""A store that commands look into: events received as by the front door, and a real worker beside them."""

import json
from datetime import UTC, datetime

from running import MAPPING, stripe_event

from bridge import mapping, providers
from bridge.model import Request
from bridge.outbound import Outbound
from bridge.services import rulesets
from bridge.store import events, views
from bridge.worker import Worker

TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


class Bench:
    """Stores events and works through them when told."""

    def __init__(self, database, sandbox):
        self.database, self.sandbox = database, sandbox
        self.ruleset = mapping.build({"rules.yaml": MAPPING}).usable()
        rulesets.activate(database, self.ruleset)

    def receive(self, event):
        """Stores an event as the front door would; its id."""
        request = Request(
            method="POST",
            target="/hooks/stripe",
            headers=(("Content-Type", "application/json"),),
            body=json.dumps(event).encode(),
            received_at=datetime.now(UTC),
        )
        source = self.ruleset.sources["stripe"]
        found = providers.read(source.provider, "stripe", providers.trust(request))
        return self.database.write(lambda c: events.accept(c, request, found)).ids[0]

    def work(self):
        """Works until nothing is due."""
        outbound = Outbound(sandbox_url=self.sandbox.url)
        worker = Worker(self.database, lambda: self.ruleset, outbound, environment="")
        while worker.work_once():
            worker.join()

    def states(self):
        """Of the deliveries, oldest first."""
        with self.database.read() as connection:
            found = views.list_deliveries(connection)
        return [row["state"] for row in reversed(found)]

    def paid(self, id="evt_1", ticket=TICKET):
        """One invoice.paid, worked through."""
        event = stripe_event("invoice.paid__clp.http", id=id)
        event["data"]["object"]["metadata"] = {"vambe_ticket_id": ticket}
        number = self.receive(event)
        self.work()
        return number

    def held(self):
        """A comment whose answer was lost."""
        self.sandbox.fault("kapture", drop="after", count=1)
        event = stripe_event("invoice.payment_failed__two_tickets.http", id="evt_h")
        event["data"]["object"]["metadata"] = {"kapture_tickets": "713516551148"}
        number = self.receive(event)
        self.work()
        return number


def objects(result):
    """The JSON lines of a command."""
    return [json.loads(line) for line in result.stdout.splitlines()]
