"""What the queue's tests share: a connection, a call, an attempt that was well, and how to look at a delivery."""

from dataclasses import replace
from datetime import timedelta

from running import NOW

from bridge.model import Call, Connection, SecretRef
from bridge.store import views
from bridge.store.attempts import After, Attempt
from bridge.store.tables import connections, deliveries

LEASE = timedelta(seconds=15)
VAMBE = Connection(
    name="vambe-cl",
    vendor="vambe",
    options={"country": "CL"},
    auth={"api_key": SecretRef(kind="env", name="VAMBE_API_KEY")},
)
CALL = Call(
    method="POST",
    path="/api/public/ticket/amount",
    query=(("a", "1"),),
    headers=(("Content-Type", "application/json"),),
    body=b'{"amount":150000}',
)
SENT = Attempt(
    started_at=NOW,
    elapsed=0.2,
    status=200,
    verdict="delivered",
    code="ok",
    reason="accepted",
    reply=b"{}",
)
FAILED = replace(
    SENT, status=503, verdict="retry", code="http_503", reason="a failure of its own"
)
FORBIDDEN = replace(
    SENT, status=403, verdict="failed", code="http_403", reason="not permitted"
)
REFUSED = replace(SENT, status=401, verdict="park", code="http_401", reason="who?")
DONE = After(state="delivered", code="ok", reason="accepted")
AGAIN = After(state="waiting", code="http_503", reason="it is tried again", delay=5)
DEAD = After(state="dead", code="http_403", reason="not permitted")
PARKED = After(
    state="waiting", code="http_401", reason="who?", counts=False, parks=True
)


def state(database, id):
    with database.read() as connection:
        return views.delivery(connection, id)["state"]


def row(database, id):
    """A delivery as it is now."""
    with database.read() as connection:
        query = deliveries.select().where(deliveries.c.id == id)
        return connection.execute(query).one()


def known(database, name):
    """What was learnt about a connection; None before anything was."""
    with database.read() as connection:
        query = connections.select().where(connections.c.name == name)
        return connection.execute(query).one_or_none()
