"""Whether a host could be called: name, network policy, TCP and TLS as for a call, and then nothing is sent."""

import ssl
from urllib.parse import urlsplit

from bridge.errors import CallRefused
from bridge.outbound.connection import connect
from bridge.outbound.exchange import Exchange, Failed
from bridge.outbound.request import check_base
from bridge.outbound.transport import PORTS


def unreachable(exchange: Exchange, base_url: str, tls: ssl.SSLContext) -> str:
    """Why a call to this URL could not be begun, in a sentence; "" where it could."""
    try:
        exchange.host = check_base(base_url)
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        connect(exchange, host, port, tls if parts.scheme == "https" else None).close()
    except (CallRefused, Failed) as error:
        return str(error)
    return ""
