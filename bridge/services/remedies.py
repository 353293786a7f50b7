"""What to do about a delivery that waits for a person, by the code of its last outcome. Pure: a table.

A remedy names a person's step, and the act that follows it. It must not guess what is wrong beyond what the code says.
"""

import re
from dataclasses import dataclass
from typing import Literal

from bridge import mapping

Then = Literal["retry", "replay", "release", "resume"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Remedy:
    """`title` says what happened; `step` is the sentence of what to do; `then` is the act that sends it again.

    `replay` means with the current rules, because the stored request is wrong.
    """

    title: str
    step: str
    then: Then


def _row(title: str, step: str, then: Then = "retry") -> Remedy:
    return Remedy(title=title, step=step, then=then)


_CREDENTIALS = "Correct the credentials of the connection, then resume it."
_FIELDS = "Correct the rule's fields, then replay with the current rules."
_TICKET = (
    "Check the ticket's identifier in the rule, then replay with the current rules."
)
_MAYBE = "Look at the ticket first: the update may be there already. Retry only if it is missing."
_VENDOR = "Wait until the vendor works again, then retry."
_NETWORK = "Check base_url and the network with `bridge doctor --reach`, then retry."

_EXACT = {
    # calls without an answer
    "refused": _row(
        "refused",
        "Nothing listens at the address, or the vendor says that the call failed. Correct that, then retry.",
    ),
    "dns": _row("name not found", _NETWORK),
    "tls": _row(
        "no trusted TLS connection",
        "Check the vendor's certificate, or set BRIDGE_CA_BUNDLE to its issuer's, then retry.",
    ),
    "proxy": _row("proxy failed", "Check BRIDGE_PROXY, then retry."),
    "timeout": _row("no answer in time", _MAYBE),
    "dropped": _row("connection broke off", _MAYBE),
    "late": _row(
        "not started in time", "Check that this host is not overloaded, then retry."
    ),
    "policy": _row(
        "address not allowed",
        "Correct base_url, or add its network to BRIDGE_ALLOWED_NETWORKS, then retry.",
    ),
    "coding": _row("answer in an unknown coding", _MAYBE),
    "store": _row(
        "store was away", "Check the store with `bridge doctor`, then retry."
    ),
    # credentials
    "credentials": _row("credentials refused", _CREDENTIALS, "resume"),
    "auth_key": _row("token refused", _CREDENTIALS, "resume"),
    "auth_expired": _row("token expired", _CREDENTIALS, "resume"),
    "missing_secret": _row(
        "secret is missing",
        "Set the secret that the reason names, then resume the connection.",
        "resume",
    ),
    "configuration": _row(
        "setting is wrong",
        "Correct what the reason names, then resume the connection.",
        "resume",
    ),
    "settings": _row(
        "setting is wrong",
        "Correct the setting that the reason names, then resume the connection.",
        "resume",
    ),
    # answers of vendors
    "not_found": _row("ticket not found", _TICKET, "replay"),
    "other_ticket": _row(
        "another ticket was updated",
        f"Check both tickets at the vendor. {_TICKET}",
        "replay",
    ),
    "missing_ticket_id": _row("ticket identifier missing", _TICKET, "replay"),
    "field_missing": _row("required field missing", _FIELDS, "replay"),
    "invalid_format": _row("field in the wrong format", _FIELDS, "replay"),
    "no_operation": _row("nothing to update", _FIELDS, "replay"),
    "partial": _row(
        "partly applied",
        "Complete the ticket at the vendor, then cancel this delivery; a retry repeats all of it.",
    ),
    "move_failed": _row(
        "updated but not moved",
        "Check the stage that the rule names, then retry: only the move is left.",
    ),
    "update_failed": _row("vendor failed", _VENDOR),
    "server_failure": _row("vendor failed", _MAYBE),
    "not_json": _row(
        "answer is not JSON", f"Check base_url: it may lead to a login page. {_MAYBE}"
    ),
    "unexpected_body": _row("answer does not say that it worked", _MAYBE),
    "truncated": _row("answer too long", _MAYBE),
    "answer": _row(
        "look-up answered something unreadable",
        "Check the address of the look-up, then retry.",
    ),
    "answer_size": _row(
        "look-up's answer too large", "Ask for less in the source's fetch, then retry."
    ),
    "look_up_again": _row(
        "second look-up failed",
        "Correct what the reason names, then replay with the current rules.",
        "replay",
    ),
    "looked_up": _row(
        "changed by its second look-up",
        "Correct what the reason names, then replay with the current rules.",
        "replay",
    ),
    # the bridge itself
    "unknown_operation": _row(
        "operation unknown to this release",
        "Upgrade the bridge, or replay with the current rules.",
        "replay",
    ),
    "worker_lost": _row("worker stopped while sending", _MAYBE),
    "not_judged": _row("answer not judged", f"Please report it. {_MAYBE}"),
    "not_recorded": _row("result not recorded", _MAYBE),
    "no_request": _row(
        "request is gone", "Replay it with the current rules.", "replay"
    ),
    "unreadable": _row(
        "stored request is unreadable", "Replay it with the current rules.", "replay"
    ),
    "error": _row(
        "rules could not be asked",
        "Read the reason, correct it, then retry: the event is routed again with the current rules.",
    ),
    # held by a rule
    "hold_if": _row(
        "held by its rule", "Decide: release it to send it, or cancel it.", "release"
    ),
}
_HTTP = (
    (
        300,
        399,
        _row(
            "redirected",
            "Correct base_url: a redirect is never followed. Then replay with the current rules.",
            "replay",
        ),
    ),
    (401, 401, _row("credentials refused", _CREDENTIALS, "resume")),
    (
        403,
        403,
        _row(
            "not permitted",
            "Give the credentials the permission at the vendor, then retry.",
        ),
    ),
    (404, 404, _row("ticket not found", _TICKET, "replay")),
    (408, 408, _row("vendor gave up waiting", _MAYBE)),
    (429, 429, _row("too many calls", "Lower the connection's rate, then retry.")),
    (400, 499, _row("request refused", _FIELDS, "replay")),
    (503, 503, _row("vendor unavailable", _VENDOR)),
    (500, 599, _row("vendor failed", _MAYBE)),
    (
        0,
        999,
        _row(
            "unexpected status",
            "Read the stored answer; add the status under `success` if it is one. Then retry.",
        ),
    ),
)
_STATUS = re.compile("http_([0-9]{1,3})")
_RULE = "Correct the rule, or wait for complete data, then retry: the event is routed again with the current rules."
_UNKNOWN = _row("failed", "Read the reason, correct its cause, then retry.")


def known(code: str) -> bool:
    """Whether a code has a remedy of its own."""
    return code in _EXACT or bool(_STATUS.fullmatch(code)) or code in mapping.CODES


def remedy(code: str, state: str = "dead") -> Remedy:
    """What to do about a delivery in this state with this code."""
    found = _found(code)
    if state == "held" and found.then != "release":
        return _row(
            found.title,
            "Look at the ticket: release the delivery if the update is missing, otherwise cancel it.",
            "release",
        )
    return found


def _found(code: str) -> Remedy:
    if (status := _STATUS.fullmatch(code)) is not None:
        number = int(status[1])
        return next(row for first, last, row in _HTTP if first <= number <= last)
    if code in mapping.CODES:
        return _row(mapping.CODES[code].title, _RULE)
    return _EXACT.get(code, _UNKNOWN)
