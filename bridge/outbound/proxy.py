"""The way through an egress proxy: CONNECT, and then the bytes are the vendor's own.

Knows the proxy's answer and nothing else of HTTP. The proxy never sees what is sent: only TLS goes through it.
"""

import re
import socket
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bridge.outbound.exchange import Exchange, Failed

MAX_HEAD = 16 * 1024
_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")
_SAID = {
    403: "does not allow calls to {host} (403): allow that host there",
    407: "refused the credentials (407): check BRIDGE_PROXY_CREDENTIALS",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Proxy:
    """Where it is, and as whom: `user:password`, or ""."""

    host: str
    port: int
    credentials: str = field(default="", repr=False)


def proxy_at(url: str | None, credentials: str = "") -> Proxy | None:
    """The proxy of the settings, which checked its form."""
    if not url:
        return None
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 0
    return Proxy(host=host, port=port, credentials=credentials)


def tunnel(
    proxy: Proxy, sock: socket.socket, host: str, port: int, exchange: Exchange
) -> None:
    """Makes a socket that leads to the proxy one that leads to a host. Raises Failed with kind proxy or timeout."""
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.credentials:
        proof = b64encode(proxy.credentials.encode("utf-8", "surrogateescape")).decode()
        lines.append(f"Proxy-Authorization: Basic {proof}")
    try:
        sock.settimeout(exchange.remaining())
        sock.sendall("\r\n".join(lines).encode() + _END)
        status = _status(sock, exchange)
    except OSError:
        raise exchange.broken(_failed("closed the connection")) from None
    if not 200 <= status <= 299:
        known = _SAID.get(status, f"could not reach {{host}} ({status})")
        raise _failed(known.format(host=host))


def _status(sock: socket.socket, exchange: Exchange) -> int:
    """Of the proxy's answer, which is read to the end of its head. What follows it there is not the vendor's."""
    head = b""
    while _END not in head:
        sock.settimeout(exchange.remaining())
        data = sock.recv(4096)
        head += data
        if not data or len(head) > MAX_HEAD:
            raise _failed("sent something that is not an HTTP answer")
    match = _STATUS.match(head)
    status = int(match[1]) if match else 0
    if not status or (200 <= status <= 299 and not head.endswith(_END)):
        raise _failed("sent something that is not an HTTP answer")
    return status


def _failed(what: str) -> Failed:
    return Failed("proxy", f"the proxy of BRIDGE_PROXY {what}")
