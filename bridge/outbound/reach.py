"""Whether a host could be called: name, network policy, TCP and TLS as for a call, and then nothing is sent."""

import ssl

from bridge.errors import CallRefused
from bridge.outbound.connection import connect, place_of
from bridge.outbound.exchange import Exchange, Failed
from bridge.outbound.request import check_base


def unreachable(exchange: Exchange, base_url: str, tls: ssl.SSLContext) -> str:
    """Why a call to this URL could not be begun, in a sentence; "" where it could."""
    try:
        exchange.host = check_base(base_url)
        connect(exchange, place_of(base_url), tls).close()
    except (CallRefused, Failed) as error:
        return str(error)
    return ""
