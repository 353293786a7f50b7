"""One request out, one bounded answer or one NoReply back. Nothing a network does makes this raise.

An answer counts when it is whole, or longer than we read (`truncated`): the vendor has answered then. One that is cut
off or stops coming counts as none, since a 2xx may be taken back in its body. No exception's own text is ever used: it
may hold the URL with its query.
"""

import time

from requests import PreparedRequest

from bridge.errors import CallRefused
from bridge.model import NoReply, Reply
from bridge.outbound.answer import Answer
from bridge.outbound.exchange import CURRENT, Exchange, Failed
from bridge.outbound.transport import Transport


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
    except OSError:
        return silence(exchange, *_broken(exchange))
    finally:
        CURRENT.reset(token)


def silence(exchange: Exchange, kind: str, message: str) -> NoReply:
    """The NoReply of an exchange."""
    elapsed = time.monotonic() - exchange.started
    return NoReply(kind=kind, message=message, sent=exchange.sent, elapsed=elapsed)


def _reply(transport: Transport, request: PreparedRequest, exchange: Exchange) -> Reply:
    answer = transport.send(request).raw
    assert isinstance(answer, Answer)
    return Reply(
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        elapsed=time.monotonic() - exchange.started,
        truncated=answer.truncated,
    )


def _broken(exchange: Exchange) -> tuple[str, str]:
    if exchange.sent:
        return (
            "dropped",
            f"{exchange.host} closed the connection before its answer was complete",
        )
    return "refused", f"no connection to {exchange.host} was usable"
