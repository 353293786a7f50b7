"""One delivery, with everything that a person needs to decide what to do about it. Reads only; sends nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bridge.model import Headers, Json
from bridge.services import acting, built, outlook, remedies, story
from bridge.services.acts import CANCEL, RELEASE, RETRY, Act, refusal
from bridge.services.requests import written
from bridge.services.sent import Sent, request_of
from bridge.services.veiling import (
    veiled,
    veiled_body,
    veiled_headers,
    veiled_text,
)
from bridge.state import FINISHED
from bridge.store import Database, ledger, queue, views

# Bytes of an answer that are stored.
_KEPT = 64 * 1024
# Updates of a ticket that are looked at for what was sent last.
_LEDGER = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One call and its answer. `waited_ms` counts from the end of the one before, or from the delivery itself."""

    number: int
    started_at: datetime
    elapsed_ms: int
    waited_ms: int
    # None: no answer.
    status: int | None
    verdict: str
    code: str
    reason: str
    # What of the answer decided.
    decided_by: str
    answer: str
    cut: bool

    @property
    def waited(self) -> timedelta:
        """The time before it."""
        return timedelta(milliseconds=self.waited_ms)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The request, as text."""

    method: str
    url: str
    headers: Headers
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A value of this delivery, and what the ledger has for the same field of the ticket."""

    name: str
    value: Json
    # None: never sent to this ticket, as far as the ledger goes back.
    last: Mapping[str, Any] | None
    # Whether that was sent after this delivery was made.
    newer: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """An act, and why it cannot be done; "" if it can."""

    name: str
    refusal: str
    # Whether it is the one that is usually right.
    usual: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspected:
    """A delivery with its attempts, its request, its lane and the acts that are possible."""

    delivery: Mapping[str, Any]
    outlook: str
    # The remedy of its code: `title` and `step`. None while it needs none.
    remedy: remedies.Remedy | None
    request: Request | None
    attempts: tuple[Attempt, ...]
    fields: tuple[Field, ...]
    # The field that a repeated call would append; "" if a repeat changes nothing.
    adds: str
    # The delivery of its lane that goes first.
    ahead: Mapping[str, Any] | None
    key_used_by: int | None
    replays: tuple[int, ...]
    choices: tuple[Choice, ...]
    # To be given back with an act.
    seen: str


def inspect(
    database: Database,
    id: int,
    *,
    now: datetime,
    revealed: bool = False,
) -> Inspected | None:
    """The delivery with this number; None if there is none. Personal data is hidden unless `revealed`."""
    with database.read() as tx:
        row = views.delivery(tx, id)
        if row is None:
            return None
        attempts = views.attempts_of(tx, id)
        ahead = views.ahead(tx, id)
        used = queue.used_by(tx, id)
        sent = ledger.of_ticket(tx, row["ticket"], _LEDGER) if row["ticket"] else ()
    remedy = _remedy(row)
    siblings = story.of_event(database, row["event"], now)
    hidden = _shown if revealed else _hidden
    return hidden(
        Inspected(
            delivery={**row, "call": None, "body": None},
            outlook=outlook.outlook(database, row, now),
            remedy=remedy,
            request=None,
            attempts=(),
            fields=tuple(_fields(row, sent)),
            adds=_adds(database, row),
            ahead=ahead,
            key_used_by=used,
            replays=tuple(one["id"] for one in siblings if one["replay_of"] == id),
            choices=tuple(_choices(row, used, remedy)),
            seen=acting.seen_of(row),
        ),
        request_of(database, row),
        row,
        attempts,
    )


def _remedy(row: Mapping[str, Any]) -> remedies.Remedy | None:
    if row["state"] not in ("dead", "held") or not row["code"]:
        return None
    return remedies.remedy(row["code"], row["state"])


def _attempts(
    row: Mapping[str, Any], made: Sequence[Mapping[str, Any]]
) -> Iterator[Attempt]:
    before = row["created_at"]
    for one in made:
        reply = one["reply"] or b""
        yield Attempt(
            number=one["number"],
            started_at=one["started_at"],
            elapsed_ms=one["elapsed_ms"],
            waited_ms=max((one["started_at"] - before) // timedelta(milliseconds=1), 0),
            status=one["status"],
            verdict=one["verdict"],
            code=one["code"],
            reason=one["reason"],
            decided_by=_decided_by(one),
            answer=written(reply),
            cut=len(reply) >= _KEPT,
        )
        before = one["started_at"] + timedelta(milliseconds=one["elapsed_ms"])


def _decided_by(attempt: Mapping[str, Any]) -> str:
    """Which part of the answer decided."""
    status = attempt["status"]
    if status is None:
        return "no answer came"
    if "for which the rule says" in attempt["reason"]:
        return "`responses` of the rule"
    if attempt["code"] == f"http_{status}":
        return f"the status {status}"
    if attempt["verdict"] == "delivered":
        return f"the status {status}, and nothing in the answer says otherwise"
    return f"the answer's content: {attempt['code']}"


def _fields(
    row: Mapping[str, Any], sent: Sequence[Mapping[str, Any]]
) -> Iterator[Field]:
    others = [
        one
        for one in sent
        if one["connection"] == row["connection"] and one["delivery"] != row["id"]
    ]
    for name, value in (row["fields"] or {}).items():
        last = next((one for one in others if name in (one["fields"] or {})), None)
        shown = last and {
            "value": last["fields"][name],
            **{key: last[key] for key in ("at", "rule", "event", "delivery")},
        }
        newer = bool(last and last["at"] > row["created_at"])
        yield Field(name=name, value=value, last=shown or None, newer=newer)


def _adds(database: Database, row: Mapping[str, Any]) -> str:
    """What its rule said of repeated calls when it was routed."""
    rules = built.ruleset(database, row["ruleset"])
    rule = (
        next((one for one in rules.rules if one.id == row["rule"]), None)
        if rules
        else None
    )
    return rule.adds(row["fields"] or {}) if rule and row["operation"] else ""


def _choices(
    row: Mapping[str, Any], used: int | None, remedy: remedies.Remedy | None
) -> Iterator[Choice]:
    usual = remedy.then if remedy else acting.USUAL.get(row["state"], "")
    for act in (RETRY, RELEASE, CANCEL):
        said = _refused(act, row, used)
        yield Choice(name=act.name, refusal=said, usual=act.name == usual)
    said = ""
    if row["state"] not in FINISHED:
        said = f"not replayed: it is {row['state']}, so it has not finished yet"
    elif not row["operation"]:
        said = "not replayed: it has no request, retry routes its event again"
    yield Choice(name="replay", refusal=said, usual=usual == "replay" and not said)


def _refused(act: Act, row: Mapping[str, Any], used: int | None) -> str:
    holds = used is not None and row["replay_of"] is None
    if row["state"] in act.states and not (holds and act is RETRY):
        return ""
    return refusal(act, row["id"], row["state"], used)


def _shown(
    found: Inspected,
    sent: Sent | None,
    row: Mapping[str, Any],
    made: Sequence[Mapping[str, Any]],
) -> Inspected:
    """With the request and the answers as they were."""
    request = (
        None
        if sent is None
        else Request(
            method=sent.method,
            url=sent.url,
            headers=sent.headers,
            body=written(sent.body or b""),
        )
    )
    return replace(found, request=request, attempts=tuple(_attempts(row, made)))


def _hidden(
    found: Inspected,
    sent: Sent | None,
    row: Mapping[str, Any],
    made: Sequence[Mapping[str, Any]],
) -> Inspected:
    """The same without personal data."""
    request = (
        None
        if sent is None
        else Request(
            method=sent.method,
            url=veiled_text(sent.url),
            headers=veiled_headers(sent.headers),
            body=veiled_body(sent.body or b""),
        )
    )
    attempts = [
        replace(
            one,
            reason=veiled_text(one.reason),
            answer=veiled_body(kept["reply"] or b""),
        )
        for one, kept in zip(_attempts(row, made), made)
    ]
    delivery: dict[str, Any] = {**found.delivery}
    delivery["reason"] = veiled_text(delivery["reason"])
    delivery["fields"] = veiled(delivery["fields"])
    return replace(
        found,
        delivery=delivery,
        outlook=veiled_text(found.outlook),
        request=request,
        attempts=tuple(attempts),
        fields=tuple(map(_hidden_field, found.fields)),
    )


def _hidden_field(field: Field) -> Field:
    last = field.last and {
        **field.last,
        "value": veiled(field.last["value"], field.name),
    }
    return replace(field, value=veiled(field.value, field.name), last=last)
