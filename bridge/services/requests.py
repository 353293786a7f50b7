"""A delivery's request as it would be sent, for people: method, path, headers and body, without credentials.

Credentials are not stored; those that a vendor repeats in its answer were masked before it was stored.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge import vendors
from bridge.errors import Malformed
from bridge.model import Headers, Json
from bridge.strict import json
from bridge.strict.outgoing import with_query

# Characters shown of an answer.
MAX_ANSWER = 2_000


def request_lines(delivery: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the request of a row of views.delivery; none if it has no request."""
    call = delivery["call"]
    if call is None:
        return
    yield f"{call['method']} {with_query(call['path'], call['query'])}"
    for name, value in (*call["headers"], *key_header(delivery)):
        yield f"{name}: {value}"
    if delivery["body"]:
        yield ""
        yield from written(delivery["body"]).split("\n")


def answer_lines(reply: bytes | None) -> Iterator[str]:
    """The lines of an answer, cut at MAX_ANSWER."""
    text = written(reply or b"")
    left = len(text) - MAX_ANSWER
    yield from text[:MAX_ANSWER].splitlines()
    if left > 0:
        yield f"… {left} more characters: use --json to see them"


def written(body: bytes) -> str:
    """JSON with one value per line and exact numbers; anything else unchanged."""
    try:
        return pretty(json.loads(body))
    except Malformed:
        return body.decode("utf-8", "backslashreplace")


def pretty(value: Json) -> str:
    """One value per line; safe on a terminal, because JSON escapes control characters."""
    return _pretty(value, "")


def _pretty(value: Json, indent: str) -> str:
    inner = f"{indent}  "
    if isinstance(value, dict) and value:
        lines = (f"{inner}{_one(k)}: {_pretty(v, inner)}" for k, v in value.items())
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        lines = (f"{inner}{_pretty(item, inner)}" for item in value)
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return _one(value)


def _one(value: Json) -> str:
    return json.dumps(value).decode()


def key_header(delivery: Mapping[str, Any]) -> Headers:
    """The header by which the vendor recognises repeated calls, as the worker adds it."""
    vendor = delivery["operation"].partition(".")[0]
    known = vendor in vendors.names()
    return vendors.get(vendor).key_header(delivery["idempotency_key"]) if known else ()
