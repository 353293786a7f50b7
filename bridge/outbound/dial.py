"""Opening a connection: resolve the name, check every address, connect to exactly a checked one, or by the proxy.

The name is looked up once and what was checked is what is dialled, so that a name which answers differently the second
time gains nothing. Knows nothing of HTTP or TLS.
"""

import socket
from ipaddress import ip_address

from bridge.outbound.exchange import Exchange, Failed
from bridge.outbound.networks import Address
from bridge.outbound.proxy import Proxy, tunnel

PATIENCE = 2.0  # seconds for a name that need not be known here


def dial(exchange: Exchange, host: str, port: int, *, encrypted: bool) -> socket.socket:
    """A TCP socket that leads to the host. Raises CallRefused, or Failed with kind dns, refused, proxy or timeout."""
    if exchange.proxy and _by_proxy(exchange, host, encrypted=encrypted):
        return _through(exchange, exchange.proxy, host, port)
    addresses = lookup(exchange, host)
    exchange.policy.check(host, addresses, encrypted=encrypted)
    return _connected(exchange, host, port, addresses)


def _by_proxy(exchange: Exchange, host: str, *, encrypted: bool) -> bool:
    """Whether a host is called through the proxy: every one but those that the operator allowed by network.

    Where its address is known here it is checked as without a proxy. Where it is not, it has to be a public name.
    Raises CallRefused.
    """
    addresses = _known(exchange, host)
    if addresses:
        if exchange.policy.allows_all(addresses):
            return False
        exchange.policy.check(host, addresses, encrypted=encrypted)
    else:
        exchange.policy.check_name(host, encrypted=encrypted)
    return True


def _known(exchange: Exchange, host: str) -> list[Address]:
    """The addresses of a host, none where it cannot be resolved here: behind a proxy that is often so."""
    try:
        return [ip_address(host)]
    except ValueError:
        addresses = exchange.names.find(host, min(exchange.remaining(), PATIENCE))
        return [ip_address(address) for address in addresses or ()]


def _through(exchange: Exchange, proxy: Proxy, host: str, port: int) -> socket.socket:
    """A socket through the proxy, whose own address is the operator's to choose."""
    try:
        addresses = lookup(exchange, proxy.host)
        sock = _connected(exchange, proxy.host, proxy.port, addresses)
    except Failed as failure:
        if failure.kind == "timeout":
            raise
        why = f"cannot reach the proxy of BRIDGE_PROXY: {failure}"
        raise Failed("proxy", why) from None
    try:
        tunnel(proxy, sock, host, port, exchange)
    except BaseException:
        sock.close()
        raise
    return sock


def _connected(
    exchange: Exchange, host: str, port: int, addresses: list[Address]
) -> socket.socket:
    for left in range(len(addresses), 0, -1):
        try:
            # Each address gets its share of the time: the first may be one that swallows packets.
            sock = socket.create_connection(
                (str(addresses[-left]), port), timeout=exchange.remaining() / left
            )
        except TimeoutError:
            failure = Failed("timeout", f"{host} did not accept a connection in time")
        except OSError:
            failure = Failed("refused", f"{host} refused the connection on port {port}")
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
    addresses = exchange.names.find(host, exchange.remaining())
    if addresses is None:
        raise Failed("dns", f"the name {host} was not resolved in time: check DNS")
    if not addresses:
        raise Failed("dns", f"the name {host} does not exist: check base_url and DNS")
    return [ip_address(address) for address in addresses]
