"""What a sender is told: WSGI answers, and the words of the bridge where its provider has none of its own."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from bridge import providers
from bridge.errors import NotVerified, Refused
from bridge.mapping import Source
from bridge.providers import Answer
from bridge.store.events import Accepted
from bridge.strict import json

RETRY_AFTER = "5"  # seconds


def taken(source: Source, accepted: Accepted) -> tuple[str, Answer]:
    """ "accepted" or "duplicate", and its answer."""
    status = "accepted" if accepted.new or not accepted.ids else "duplicate"
    told = providers.answer(source.provider, status)
    said = {"status": status, "events": list(accepted.ids)}
    return status, told or _json(202 if accepted.new else 200, said)


def refused(source: Source | None, refusal: Refused) -> Answer:
    """Who was not proven learns nothing of why."""
    if source and (told := providers.answer(source.provider, "refused")):
        return told
    if isinstance(refusal, NotVerified):
        return _json(401, {"status": "refused", "error": "not verified"})
    return _json(refusal.status, {"status": "refused", "error": str(refusal)})


def unavailable() -> Answer:
    """Nothing was accepted and the sender shall try again: the fault is on our side."""
    said = {"status": "unavailable", "error": "not accepted: send it again"}
    return _json(503, said, ("Retry-After", RETRY_AFTER))


def send(
    answer: Answer, environ: dict[str, Any], start: Callable[..., Any]
) -> Iterable[bytes]:
    """The answer as a WSGI application gives it."""
    status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    length = ("Content-Length", str(len(answer.body)))
    # RFC 9110, 8.6: a 204, which some senders ask for, has no length.
    start(status, [*answer.headers, *([length] if answer.status != 204 else [])])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]


def _json(status: int, value: dict[str, Any], *headers: tuple[str, str]) -> Answer:
    content = ("Content-Type", "application/json")
    return Answer(status=status, headers=(content, *headers), body=json.dumps(value))
