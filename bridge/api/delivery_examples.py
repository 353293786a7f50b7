"""What a delivery looks like, for the OpenAPI document."""

from typing import Any

DELIVERY: dict[str, Any] = {
    "id": 1,
    "event": 1,
    "source": "stripe",
    "rule": "paid-sets-amount",
    "operation": "vambe.update_amount",
    "connection": "vambe",
    "ticket": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
    "state": "dead",
    "code": "http_500",
    "reason": "the vendor answered 500",
    "attempts": 1,
    "due_at": "2026-11-30T08:00:00.000+00:00",
    "created_at": "2026-11-30T08:00:00.000+00:00",
    "finished_at": "2026-11-30T08:00:02.000+00:00",
    "replay_of": None,
    "person": "",
    "because": "",
    "look_up": False,
}
SHOWN: dict[str, Any] = {
    **DELIVERY,
    "outlook": "will not be retried automatically: the vendor answered 500",
    "request": {
        "method": "PATCH",
        "url": "https://api.example.com/tickets/a1b2c3d4/amount",
        "headers": [["x-api-key", "<secret>"]],
        "body": '{"amount": 19990}',
    },
    "attempts_made": [
        {
            "number": 1,
            "started_at": "2026-11-30T08:00:00.000+00:00",
            "elapsed_ms": 120,
            "status": 500,
            "verdict": "dead",
            "code": "http_500",
            "reason": "the vendor answered 500",
            "decided_by": "the status 500",
            "answer": "{}",
            "cut": False,
        }
    ],
    "fields": [
        {
            "name": "ticket_id",
            "value": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
            "last": None,
            "newer": False,
        }
    ],
    "ahead": None,
    "key_used_by": None,
    "choices": [{"name": "retry", "refusal": "", "usual": True}],
    "seen": "dead.1",
}
