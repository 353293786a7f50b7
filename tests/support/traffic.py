"""Signed events for a bridge, what its vendors got of them, and the history of both for the judge."""

import json
import threading
import time
import uuid

from history import Effect, Ended, History, Sent
from running import eventually
from senders import Client
from sqlalchemy import text

# The first rule's call replaces values, so that an unknown outcome is tried again; the second's adds a comment.
MAPPING = """
version: 1
source: { name: stripe, verify: { secret: { env: STRIPE_WEBHOOK_SECRET } } }
defaults:
  retries: { max_attempts: 100, initial: 1s, max_delay: 1s }
  ordering: { stale: send }
rules:
  - id: replaces
    events: [invoice.paid]
    target: vambe.update_metadata
    connection: { concurrency: 16 }
    auth: { api_key: { env: VAMBE_API_KEY } }
    fields:
      ticket_id: "{{ event.data.object.ticket }}"
      metadata: { event: "{{ event.id }}" }
  - id: adds
    events: [invoice.payment_failed]
    target: kapture.update_ticket
    connection: { subdomain: acme, concurrency: 16 }
    auth: { basic_token: { env: KAPTURE_TOKEN } }
    fields: { ticket_id: "{{ event.data.object.ticket }}", sub_status: PS, comment: "{{ event.id }}" }
"""
_TYPES = {
    "replaces": "invoice.paid",
    "adds": "invoice.payment_failed",
    "dated": "invoice.finalized",  # replaces values, unless it is older than what was sent
    "extra": "invoice.voided",  # of a rule that comes and goes
    "fans": "invoice.sent",
    "unwanted": "invoice.created",
}


def event_body(event, lane, kind="replaces", *, created=None, **more):
    """The JSON of one event: `lane` is the ticket that it updates, `created` its time, now where it has none."""
    value = {
        "id": event,
        "object": "event",
        "type": _TYPES[kind],
        "created": created or int(time.time()),
        "livemode": True,
        "data": {"object": {"ticket": lane, **more}},
    }
    return json.dumps(value).encode()


def lane(number):
    """The ticket of a number: vambe's are UUIDs."""
    return str(uuid.UUID(int=number, version=4))


class Traffic:
    """Senders that post until told to stop; each owns some lanes and sends their events one after another.

    An event without a 2xx is sent again by `resend`, as senders do, under the same identifier.
    """

    def __init__(self, url, *, senders=3, lanes=4, pause=0.03, adds=4, keep=True):
        """`adds`: every so many-th event adds a comment to a ticket of its own; the others replace values.

        `keep`: whether a sender keeps its connection between two requests.
        """
        self.sent = []
        self._url, self._pause, self._adds, self._keep = url, pause, adds, keep
        self._bodies, self._open, self._times = {}, {}, {}
        self._stopping = threading.Event()
        self._numbers = {sender: 0 for sender in range(senders)}
        self._lanes = lanes
        self._threads = []

    def __enter__(self):
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._run, args=(sender,))
            for sender in self._numbers
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def acknowledged(self):
        return sum(item.acknowledged for item in self.sent)

    def resend(self):
        """Sends what never got a 2xx once more."""
        client = Client(self._url)
        for event in list(self._open):
            self._post(client, event)
        client.close()

    def post(self, event, lane, kind="replaces", **more):
        """Sends one event now; its status."""
        self._add(event, lane, kind, **more)
        client = Client(self._url)
        try:
            return self._post(client, event)
        finally:
            client.close()

    def _run(self, sender):
        client = Client(self._url)
        while not self._stopping.wait(self._pause):
            self._numbers[sender] += 1
            number = self._numbers[sender]
            event = f"evt_{sender}_{number}"
            self._make(event, sender, number)
            self._post(client, event)
            if not self._keep:
                client.close()
        client.close()

    def _make(self, event, sender, number):
        """The event of a sender's number."""
        if number % self._adds:
            self._add(event, self._lane(sender, number))
        else:
            self._add(event, f"{sender}{number:06}", "adds")

    def _lane(self, sender, number):
        """One of the sender's own lanes."""
        return lane(sender * self._lanes + number % self._lanes)

    def _add(self, event, ticket, kind="replaces", **more):
        self._bodies[event] = event_body(event, ticket, kind, **more)
        self._open[event] = ticket
        if kind == "dated":
            self._times[event] = more.get("created")

    def _post(self, client, event):
        ticket, started = self._open[event], time.monotonic()
        status = client.post(self._bodies[event])
        over = time.monotonic()
        found = Sent(
            event=event,
            lane=ticket,
            sent=started,
            answered=None if status is None else over,
            status=status,
            broken=over if status is None else None,
            at=self._times.get(event),
        )
        self.sent.append(found)
        if found.acknowledged:
            del self._open[event]
        return status


def effects(sandbox):
    """What the vendors changed, in the order they did."""
    found = []
    for call in sandbox.calls():
        if call.applied:
            value = json.loads(call.body)
            value = value[0] if isinstance(value, list) else value
            event = value.get("comment") or value["metadata"]["event"]
            found.append(Effect(event=event, lane=value["ticket_id"]))
    return found


_STORED = text("SELECT event_id FROM events ORDER BY id")
_ENDED = text("""SELECT e.event_id, d.state,
         (SELECT count(*) FROM attempts a WHERE a.delivery = d.id AND a.verdict = 'unknown') AS unknown
       FROM deliveries d JOIN events e ON e.id = d.event ORDER BY d.id""")
_UNFINISHED = text("""SELECT (SELECT count(*) FROM events WHERE state = 'stored')
         + (SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending'))""")


def read(bridge, query):
    """The rows of a query, straight from the store."""
    database = bridge.database()
    try:
        with database.read() as connection:
            return connection.execute(query).all()
    finally:
        database.close()


_ATTEMPTS = text(
    """SELECT e.event_id, a.verdict, a.code FROM attempts a
       JOIN deliveries d ON d.id = a.delivery JOIN events e ON e.id = d.event ORDER BY a.id"""
)


def attempts(bridge):
    """(event, verdict, code) of every recorded attempt, in the order of recording."""
    return [tuple(row) for row in read(bridge, _ATTEMPTS)]


def settled(bridge, seconds=240):
    """Waits until nothing is left to do."""
    return eventually(lambda: read(bridge, _UNFINISHED)[0][0] == 0, seconds)


def stored(bridge):
    """The event of each stored row."""
    return [row.event_id for row in read(bridge, _STORED)]


def ended(bridge):
    """What the store says of each delivery."""
    return [
        Ended(event=row.event_id, state=row.state, unknown=row.unknown)
        for row in read(bridge, _ENDED)
    ]


def states(bridge):
    """The state of each delivery."""
    return [item.state for item in ended(bridge)]


def history(traffic, sandbox, bridge):
    """What happened, for the judge."""
    return History(
        sent=traffic.sent,
        effects=effects(sandbox),
        stored=stored(bridge),
        ended=ended(bridge),
    )
