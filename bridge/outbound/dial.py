"""Opening a connection: resolve the name, check every address, connect to exactly a checked one.

The name is looked up once and what was checked is what is dialled, so that a name which answers differently the second
time gains nothing. Knows nothing of HTTP or TLS.
"""

import socket
from ipaddress import ip_address

from bridge.outbound.exchange import Exchange, Failed
from bridge.outbound.policy import Address


def dial(exchange: Exchange, host: str, port: int, *, encrypted: bool) -> socket.socket:
    """A connected TCP socket. Raises CallRefused, or Failed with kind dns, refused or timeout."""
    addresses = lookup(exchange, host)
    exchange.policy.check(host, addresses, encrypted=encrypted)
    for left in range(len(addresses), 0, -1):
        try:
            # Each address gets its share of the time: the first may be one that swallows packets.
            sock = socket.create_connection(
                (str(addresses[-left]), port), timeout=exchange.remaining() / left
            )
        except TimeoutError:
            failure = Failed("timeout", f"{host} did not take a connection in time")
        except OSError:
            failure = Failed("refused", f"{host} took no connection on port {port}")
        else:
            # A long request leaves in several writes; with Nagle's algorithm the last waits for an answer.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise failure


def lookup(exchange: Exchange, host: str) -> list[Address]:
    """Every address of a host, in the resolver's order, at least one. Raises Failed with kind dns or timeout."""
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    found = exchange.names.find(host, exchange.remaining())
    if found is None:
        raise Failed("dns", f"the name {host} was not resolved in time: check DNS")
    if not found:
        raise Failed("dns", f"the name {host} is not known: check base_url and DNS")
    return [ip_address(address) for address in found]
