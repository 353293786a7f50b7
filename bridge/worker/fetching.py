"""Look-ups: what an answer to one is worth, and for how long.

Asking itself is a delivery's affair (loop.py, sending.py). Nothing is asked while a transaction is open or a router has
the turn: routing only queues the look-up, and comes back to the event when its answer is stored.
"""

import time
from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime

from bridge.errors import Malformed
from bridge.model import (
    Attempt,
    Call,
    Connection,
    Json,
    NoReply,
    Outcome,
    Reply,
    Verdict,
)
from bridge.store.queue import Claimed
from bridge.strict import json
from bridge.vendors import NOT_FOUND

MAX_ANSWER = 256 * 1024  # bytes that are kept with the event
MAX_HEADERS = 16 * 1024  # characters of its headers
UNKNOWN_YET = (
    5  # attempts, 35 minutes: senders tell of objects that their API does not show yet
)
UNREADABLE = 3  # attempts: an error page that says 200, perhaps
KEPT = 1_000  # answers that a process keeps for `cache`
KEPT_BYTES = 16 * 1024 * 1024


def judged(outcome: Outcome, reply: Reply) -> Outcome:
    """What an answer to a look-up means, once its vendor has judged it: it must be there, and hold JSON."""
    unknown = reply.status == 404 or outcome.code == NOT_FOUND
    if unknown and outcome.verdict is Verdict.FAILED:
        return replace(outcome, verdict=Verdict.RETRY, limit=UNKNOWN_YET)
    if outcome.verdict is not Verdict.DELIVERED:
        return outcome
    if reply.truncated or len(reply.body) > MAX_ANSWER:
        reason = (
            f"the answer is longer than {MAX_ANSWER // 1024} KiB: request less data"
        )
        return Outcome(verdict=Verdict.FAILED, reason=reason, code="answer_size")
    try:
        value = json.loads(reply.body)
    except Malformed as error:
        return _unreadable(f"the answer cannot be read: {error}")
    if not isinstance(value, dict | list):
        return _unreadable("the answer is neither a JSON object nor a list")
    return outcome


def kept(answer: Reply | NoReply) -> Reply | None:
    """What is kept of an answer: of its headers no cookies, and no more than MAX_HEADERS characters."""
    if isinstance(answer, NoReply):
        return None
    headers, room = dict[str, str](), MAX_HEADERS
    for name, value in answer.headers.items():
        room -= len(name) + len(value)
        if room >= 0 and not name.startswith("set-cookie"):
            headers[name] = value
    return replace(answer, headers=headers)


def read(answer: bytes | None) -> Json:
    """The answer as expressions see it; None where there is none."""
    return None if answer is None else json.loads(answer)


class Answers:
    """The answers of this process that their look-ups call good for a while. Another process asks for itself."""

    def __init__(self) -> None:
        # Each with where and as whom it was asked for, and when: a time.monotonic().
        self._kept: OrderedDict[Call, tuple[Connection, float, Reply]] = OrderedDict()
        self._bytes = 0

    def reuse(self, item: Claimed) -> Attempt | None:
        """An attempt without a call, where the same question was answered short enough ago."""
        if not item.look_up:
            return None
        if (kept := self._kept.get(item.call)) is None:
            return None
        connection, asked_at, answer = kept
        age = time.monotonic() - asked_at
        if connection != item.connection or age > item.look_up:
            return None
        reason = f"reused an answer from {age:.0f} s before"
        outcome = Outcome(verdict=Verdict.REUSED, reason=reason, code="reused")
        return Attempt(started_at=datetime.now(UTC), outcome=outcome, fetched=answer)

    def keep(self, item: Claimed, made: Attempt, asked_at: float) -> None:
        """Remembers an answer from when it was asked for, a time.monotonic(); the oldest make room."""
        answer = made.fetched
        if not item.look_up or not answer or made.outcome.verdict is Verdict.REUSED:
            return
        self._forget(item.call)
        self._kept[item.call] = item.connection, asked_at, answer
        self._bytes += len(answer.body)
        while len(self._kept) > KEPT or self._bytes > KEPT_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, call: Call) -> None:
        if kept := self._kept.pop(call, None):
            self._bytes -= len(kept[2].body)


def _unreadable(reason: str) -> Outcome:
    return Outcome(
        verdict=Verdict.RETRY, reason=reason, code="answer", limit=UNREADABLE
    )
