"""What any vendor's answer means by its HTTP status and shape; a vendor adds only what is its own.

Judging never raises and never quotes free text of an answer, which may hold a person's data. Reasons are read by a
person at two in the morning: what happened, and who has to act.

Whether a call that brought no clear answer was applied, nobody can tell from outside. A gateway gives 502 or 504, or a
page of its own, when it lost the vendor on the way, and 408 and 500 come from a vendor that had begun. So all of them
mean the same as silence does: UNKNOWN. Only 429, and 503 from a vendor that turns calls away, say "not applied".
"""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeAlias

from bridge.model import Outcome, Reply, Verdict

NOT_FOUND = "not_found"  # the code of a 404 that a vendor puts into a 2xx
FEW = 3  # tries where the answer is none that the vendor documents

Answer: TypeAlias = Any  # a vendor's JSON, only looked into

_LATER = "it is tried again"
_MAYBE = "may have applied it"
_BY_STATUS = (
    # first, last, what follows, what to say; the first row that fits
    (300, 399, Verdict.FAILED, "redirects elsewhere: correct base_url"),
    (401, 401, Verdict.PARK, "refuses the credentials: correct the connection's auth"),
    (
        403,
        403,
        Verdict.FAILED,
        "does not permit it: give the credentials the permission",
    ),
    (404, 404, Verdict.FAILED, "does not know the ticket: check its identifier"),
    (408, 408, Verdict.UNKNOWN, f"gave up waiting, and {_MAYBE}"),
    (429, 429, Verdict.RETRY, f"asks to slow down: {_LATER}, or lower the rate"),
    (400, 499, Verdict.FAILED, "refuses the request: correct the rule's fields"),
    (503, 503, Verdict.RETRY, f"accepts no calls at the moment: {_LATER}"),
    (500, 599, Verdict.UNKNOWN, f"or a gateway in front of it failed, and {_MAYBE}"),
)


def by_status(status: int, *, parks: Collection[int] = ()) -> Outcome:
    """What a status that is not success means. `parks` are statuses that this vendor uses like 401."""
    row = 401 if status in parks else status
    for first, last, verdict, text in _BY_STATUS:
        if first <= row <= last:
            reason = f"the vendor answered {status}: it {text}"
            return Outcome(verdict=verdict, reason=reason, code=f"http_{status}")
    return undocumented(
        f"http_{status}", f"answered {status}, which is not a final answer"
    )


def refused(reply: Reply, *, parks: Collection[int] = ()) -> Outcome:
    """What an answer means whose status is not success.

    A 503 that is a page without Retry-After comes from a gateway, some of which say so for a time-out as well.
    """
    outcome = by_status(reply.status, parks=parks)
    if reply.status != 503 or "retry-after" in reply.headers or not _page(reply.body):
        return outcome
    reason = f"a gateway in front of the vendor answered 503, and the vendor {_MAYBE}"
    return replace(outcome, verdict=Verdict.UNKNOWN, reason=reason)


def judge_json(
    reply: Reply,
    read: Callable[[Answer], Outcome],
    *,
    parks: Collection[int] = (),
) -> Outcome:
    """The usual judgement: first the status, then `read` on the JSON of a 2xx.

    A 2xx body longer than the limit of a reply is not a failure: the refusals that vendors put into a 2xx are a line
    long, only an accepted call echoes a whole ticket, and repeating it could append a second time.
    """
    if not 200 <= reply.status <= 299:
        return refused(reply, parks=parks)
    if reply.truncated:
        return _cut_short(reply)
    answer = parse(reply.body)
    if answer is None:
        return not_json()
    return read(answer)


def parse(body: bytes) -> Answer | None:
    """The JSON of an answer, None for anything else.

    More lenient than bridge.strict.json, because an answer is only looked into: a duplicate key or a byte order mark
    that a vendor's own library lets through must not make a failure of a success.
    """
    try:
        return json.loads(body.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None


def delivered(reply: Reply) -> Outcome:
    """The vendor accepted the call."""
    reason = f"the vendor accepted it ({reply.status})"
    return Outcome(verdict=Verdict.DELIVERED, reason=reason, code="delivered")


def failed(code: str, reason: str) -> Outcome:
    """The vendor will never take the call as it is."""
    return Outcome(verdict=Verdict.FAILED, reason=reason, code=code)


def parked(code: str, reason: str) -> Outcome:
    """The vendor refuses the credentials."""
    return Outcome(verdict=Verdict.PARK, reason=reason, code=code)


def retry(code: str, reason: str, *, limit: int | None = None) -> Outcome:
    """The vendor did not apply the call, and may take it later."""
    return Outcome(verdict=Verdict.RETRY, reason=reason, code=code, limit=limit)


def undocumented(code: str, what: str) -> Outcome:
    """An answer that the vendor documents nowhere, so that the call may have been applied.

    A call that replaces values is tried a few times. One that adds something waits for a person at once.
    """
    reason = f"the vendor {what}: check the stored answer, and the ticket"
    return Outcome(verdict=Verdict.UNKNOWN, reason=reason, code=code, limit=FEW)


def not_json() -> Outcome:
    """A 2xx that is not JSON, such as a login page."""
    what = "answered 2xx with something that is not JSON, such as a login page"
    return undocumented("not_json", what)


def unexpected() -> Outcome:
    """A 2xx whose JSON lacks what the vendor documents."""
    return undocumented("unexpected_body", "answered 2xx without saying that it worked")


def _page(body: bytes) -> bool:
    """Whether a body is a text for people, as gateways write it: a vendor's own answer is JSON or nothing."""
    return bool(body.strip()) and parse(body) is None


def _cut_short(reply: Reply) -> Outcome:
    if reply.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        reason = f"the vendor accepted it ({reply.status}), but its answer was too long to read completely"
        return Outcome(verdict=Verdict.DELIVERED, reason=reason, code="truncated")
    reason = "the vendor answered 2xx with a long text that is not JSON: check whether the ticket was updated"
    return Outcome(verdict=Verdict.UNKNOWN, reason=reason, code="truncated")
