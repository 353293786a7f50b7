"""Whether a host could be called: name, network policy, TCP and TLS as for a call, and then nothing is sent."""

import ssl
from urllib.parse import urlsplit

from bridge.errors import CallRefused
from bridge.outbound.exchange import CURRENT, Exchange, Failed
from bridge.outbound.request import check_base
from bridge.outbound.transport import PlainConnection, SecureConnection

_PORTS = {"http": 80, "https": 443}


def unreachable(exchange: Exchange, base_url: str, tls: ssl.SSLContext) -> str:
    """Why a call to this URL could not be begun, in a sentence; "" where it could."""
    token = CURRENT.set(exchange)
    try:
        exchange.host = check_base(base_url)
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        connection = (
            SecureConnection(host, port, ssl_context=tls)
            if parts.scheme == "https"
            else PlainConnection(host, port)
        )
        try:
            connection.connect()
        finally:
            connection.close()
    except (CallRefused, Failed) as error:
        return str(error)
    finally:
        CURRENT.reset(token)
    return ""
