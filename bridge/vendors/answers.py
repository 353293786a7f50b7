"""What any vendor's answer means by its HTTP status and shape; a vendor adds only what is its own.

Judging never raises and never quotes free text of an answer, which may hold a person's data. Reasons are read by a
person at two in the morning: what happened, and who has to act.
"""

import json
from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from bridge.model import Outcome, Reply, Verdict

NOT_FOUND = "not_found"  # the code of a 404 that a vendor puts into a 2xx
FEW = 3  # tries where the answer is none that the vendor documents

Answer: TypeAlias = Any  # a vendor's JSON, only looked into

_LATER = "it is tried again"
_BY_STATUS = (
    # first, last, what follows, what to say; the first row that fits
    (300, 399, Verdict.FAILED, "redirects elsewhere: correct base_url"),
    (401, 401, Verdict.PARK, "refuses the credentials: correct the connection's auth"),
    (403, 403, Verdict.FAILED, "does not permit it: give the credential the right"),
    (404, 404, Verdict.FAILED, "does not know the ticket: check its identifier"),
    (408, 408, Verdict.RETRY, f"gave up waiting for the request: {_LATER}"),
    (429, 429, Verdict.RETRY, f"asks to slow down: {_LATER}, or lower the rate"),
    (400, 499, Verdict.FAILED, "refuses it as it is: correct the rule's fields"),
    (500, 599, Verdict.RETRY, f"has a failure of its own: {_LATER}"),
)


def by_status(status: int, *, parks: Collection[int] = ()) -> Outcome:
    """What a status that is not success means. `parks` are statuses that this vendor uses like 401."""
    row = 401 if status in parks else status
    for first, last, verdict, text in _BY_STATUS:
        if first <= row <= last:
            reason = f"the vendor answered {status}: it {text}"
            return Outcome(verdict=verdict, reason=reason, code=f"http_{status}")
    return undocumented(
        f"http_{status}", f"answered {status}, which is no final answer"
    )


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
        return by_status(reply.status, parks=parks)
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
    """The vendor may take the call later."""
    return Outcome(verdict=Verdict.RETRY, reason=reason, code=code, limit=limit)


def undocumented(code: str, what: str) -> Outcome:
    """An answer that the vendor documents nowhere: a few tries, then a person looks."""
    reason = f"the vendor {what}: it is tried again a few times, then look at the stored answer"
    return retry(code, reason, limit=FEW)


def not_json() -> Outcome:
    """A 2xx that is not JSON, such as a login page."""
    what = "answered 2xx with something that is not JSON, such as a login page"
    return undocumented("not_json", what)


def unexpected() -> Outcome:
    """A 2xx whose JSON lacks what the vendor documents."""
    return undocumented("unexpected_body", "answered 2xx without saying that it worked")


def maybe_made() -> Outcome:
    """The same for a call that makes a ticket: a repetition could make a second one."""
    reason = "the vendor answered 2xx without naming the new ticket: look for it there before this is sent again"
    return Outcome(verdict=Verdict.UNKNOWN, reason=reason, code="unexpected_body")


def _cut_short(reply: Reply) -> Outcome:
    if reply.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        reason = f"the vendor accepted it ({reply.status}); its answer was too long to be read to the end"
        return Outcome(verdict=Verdict.DELIVERED, reason=reason, code="truncated")
    reason = "the vendor answered 2xx with a long text that is not JSON: look at the ticket to see whether it was taken"
    return Outcome(verdict=Verdict.UNKNOWN, reason=reason, code="truncated")
