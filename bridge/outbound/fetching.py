"""Asks an address that a sender named or publishes, by GET and without credentials, within the policy of all calls."""

from urllib.parse import parse_qsl, urlsplit

from bridge.model import Call, NoReply, Reply
from bridge.outbound.client import Outbound
from bridge.outbound.target import Target

TIMEOUT = 5.0  # seconds, everything included


def unusable(reply: Reply | NoReply) -> str:
    """Why an answer holds nothing to be read; "" where it does."""
    if isinstance(reply, NoReply):
        return reply.message
    if reply.truncated:
        return "the answer is too long"
    if not 200 <= reply.status <= 299:
        return f"the answer has status {reply.status}"
    return ""


def get(outbound: Outbound, url: str) -> Reply | NoReply:
    """The answer of an http(s) URL. Takes TIMEOUT at most; a redirect is an answer like any other."""
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}"
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    call = Call(method="GET", path=parts.path or "/", query=query, body=None)
    return outbound.send(call, Target(vendor="http", base_url=base), timeout=TIMEOUT)
