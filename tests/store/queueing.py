"""What the queue's tests share: a connection, a call, an attempt that was well, and how to look at a delivery."""

from datetime import timedelta

from running import NOW

from bridge.model import (
    Attempt,
    Call,
    Connection,
    Outcome,
    Reply,
    SecretRef,
    Verdict,
)
from bridge.store import views
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


def made(status, verdict, code="", *, asks=None, **outcome):
    """An attempt that was answered so, by a vendor that `asks` for a wait of so many seconds."""
    headers = {} if asks is None else {"retry-after": str(asks)}
    answer = Reply(status=status or 0, headers=headers, body=b"{}", elapsed=0.2)
    said = Outcome(
        verdict=Verdict(verdict),
        code=code or f"http_{status}",
        reason=outcome.pop("reason", "as a test says"),
        **outcome,
    )
    return Attempt(started_at=NOW, outcome=said, answer=answer if status else None)


SENT = made(200, "delivered", "ok")
FAILED = made(503, "retry")
ODD = made(200, "retry", "not_json")  # no sign of trouble: no breaker
UNKNOWN = made(None, "unknown", "timeout")
HELD = made(200, "unknown", "not_json", settled="held")
DEAD = made(404, "failed")
FORBIDDEN = made(403, "failed")
REFUSED = made(401, "park")


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
