"""One request out, one bounded answer or one NoReply back. Nothing a network does makes this raise.

An answer counts when it is whole, or longer than we read (`truncated`): the vendor has answered then. One that is cut
off or stops coming counts as none, since a 2xx may be taken back in its body. No exception's own text is ever used: it
may hold the URL with its query.
"""

import http.client
import time

import requests
import urllib3.exceptions
from requests import PreparedRequest
from urllib3.response import BaseHTTPResponse

from bridge.errors import CallRefused
from bridge.model import NoReply, Reply
from bridge.outbound.exchange import CURRENT, Exchange, Failed
from bridge.outbound.transport import Transport

MAX_BODY = 1024 * 1024
_NETWORK = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)


def perform(
    transport: Transport, request: PreparedRequest, exchange: Exchange
) -> Reply | NoReply:
    """Sends the request once. Takes until the exchange's deadline at most."""
    token = CURRENT.set(exchange)
    try:
        return _reply(transport, request, exchange)
    except CallRefused as refusal:
        return silence(exchange, "policy", str(refusal))
    except Failed as failure:
        return silence(exchange, failure.kind, str(failure))
    except _NETWORK:
        return silence(exchange, *_broken(exchange))
    finally:
        CURRENT.reset(token)


def silence(exchange: Exchange, kind: str, message: str) -> NoReply:
    """The NoReply of an exchange."""
    elapsed = time.monotonic() - exchange.started
    return NoReply(kind=kind, message=message, sent=exchange.sent, elapsed=elapsed)


def _reply(transport: Transport, request: PreparedRequest, exchange: Exchange) -> Reply:
    response = transport.send(request, stream=True, timeout=exchange.remaining())
    raw: BaseHTTPResponse = response.raw
    headers = {name.lower(): raw.headers[name] for name in raw.headers}
    body, truncated = _body(raw)
    return Reply(
        status=raw.status,
        headers=headers,
        body=body,
        elapsed=time.monotonic() - exchange.started,
        truncated=truncated,
    )


def _body(raw: BaseHTTPResponse) -> tuple[bytes, bool]:
    """What was read of the body, and whether there was more. Then its connection is not used again."""
    body = b""
    # The second read, of nothing, is the one that notices a body that ended early.
    while piece := raw.read(MAX_BODY + 1 - len(body), decode_content=False):
        body += piece
        if len(body) > MAX_BODY:
            raw.close()
            return body[:MAX_BODY], True
    return body, False


def _broken(exchange: Exchange) -> tuple[str, str]:
    if exchange.sent:
        return (
            "dropped",
            f"{exchange.host} closed the connection, or sent no HTTP, before its answer was whole",
        )
    return "refused", f"no connection with {exchange.host} could be used"
