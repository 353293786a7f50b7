"""Asks an address that a sender named or publishes, by GET and without credentials, within the policy of all calls."""

from urllib.parse import parse_qsl, urlsplit

from bridge.model import Call, NoReply, Reply
from bridge.outbound.client import Outbound
from bridge.outbound.target import Target

TIMEOUT = 5.0  # seconds, everything included


def get(outbound: Outbound, url: str) -> Reply | NoReply:
    """The answer of an http(s) URL. Takes TIMEOUT at most; a redirect is an answer like any other."""
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}"
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    call = Call(method="GET", path=parts.path or "/", query=query, body=None)
    return outbound.send(call, Target(vendor="http", base_url=base), timeout=TIMEOUT)
