"""Many rows at once: events with their requests and deliveries, refused requests, written as the store has them."""

import json
from datetime import timedelta

from running import NOW
from sqlalchemy import insert
from state_guard import by_hand

from bridge.store import rejections
from bridge.store.rejections import Rejection
from bridge.store.tables import deliveries, events, payloads


def event(number, at=None, body=None, **changes):
    """Values of an event and of its request; the older the lower the number."""
    at = at or NOW - timedelta(days=1) + timedelta(seconds=number)
    own = {"id": number, "received_at": at}
    asked = {
        **own,
        "source": "stripe",
        "event_id": f"evt_{number}",
        "type": "invoice.paid",
        "payload_id": number,
        "live": True,
        "digest": "",
        "state": "routed",
        "outcome": "no_match",
        "conflicts": 0,
        "item": None,
        "decisions": [said("paid", "no_match")],
        **changes,
    }
    request = {
        **own,
        "method": "POST",
        "target": "/hooks/stripe",
        "headers": {"X-Shop": "sur"},
        "body": json.dumps({"id": number} if body is None else body).encode(),
    }
    return asked, request


def said(rule, word, reason="amount is 3", code=None):
    """A decision as an event keeps it."""
    return {
        **{"rule": rule, "said": word, "reason": reason, "place": "a.yaml:1"},
        **{"code": code, "decided_at": 0},
    }


def delivery(number, event, at=None, **changes):
    """Values of a delivery."""
    at = at or NOW - timedelta(days=1) + timedelta(seconds=event)
    return {
        **{"id": number, "event": event, "source": "stripe", "rule": "paid"},
        **{"item_key": "", "operation": "vambe.update_amount", "connection": "vambe"},
        **{"ticket": "4711", "lane": f"l{number}", "stale": "skip", "retries": {}},
        **{"ruleset": "", "state": "delivered", "code": "delivered", "reason": ""},
        **{"attempts": 1, "due_at": at, "created_at": at, "age_from": at},
        **{"body": b"{}", "look_up": None},
        **changes,
    }


def put(database, made, sent=()):
    """Stores events, as `event` gives them, and deliveries."""

    def job(tx):
        if made:
            tx.execute(insert(payloads), [request for _, request in made])
            tx.execute(insert(events), [asked for asked, _ in made])
        if sent:
            tx.execute(insert(deliveries), [*sent])

    by_hand(database, job)


def refuse(database, at, count=1, reason="wrong_signature", source="stripe"):
    """Stores a refused request."""
    one = Rejection(source, reason, 401, "192.0.2.1", 9, f"/hooks/{source}")
    database.write(lambda tx: rejections.add(tx, counts={one: count}, now=at))
