"""Events and requests that say as little as they may: what comes in where a test looks at other things."""

from running import NOW

from bridge.model import Event, Request


def request(body=b"[]"):
    return Request(
        method="POST", target="/hooks/s", headers=(), body=body, received_at=NOW
    )


def event(id, digest="", source="s"):
    return Event(
        source=source,
        event_id=id,
        type="t",
        occurred_at=NOW,
        received_at=NOW,
        payload={},
        headers={},
        digest=digest,
    )
