"""The TLS handshake with a vendor, which ends in time, and what went wrong with one in a sentence."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bridge.outbound.exchange import Exchange, Failed

# OpenSSL's verification codes (X509_V_ERR_…) that an operator can act on.
_CERTIFICATE = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed",
    19: "ends in a root that is not trusted",
    20: "comes from an issuer that is not trusted",
    62: "is for another name",
    64: "is for another address",
}


# Alerts about the certificate of a client (RFC 8446, 6.2), as OpenSSL names them.
_REFUSED = "{{host}} refused the client certificate ({}): {}"
_UNWELCOME = {
    "CERTIFICATE_REQUIRED": "{host} requires a client certificate: add client_certificate to the connection",
    "BAD_CERTIFICATE": _REFUSED.format("bad", "check client_certificate"),
    "UNSUPPORTED_CERTIFICATE": _REFUSED.format("of another kind", "ask its operator"),
    "CERTIFICATE_REVOKED": _REFUSED.format("revoked", "get a new one"),
    "CERTIFICATE_EXPIRED": _REFUSED.format("expired", "get a new one"),
    "CERTIFICATE_UNKNOWN": _REFUSED.format("not accepted", "check client_certificate"),
    "UNKNOWN_CA": _REFUSED.format(
        "its issuer is unknown there",
        "add its issuers' certificates after it in client_certificate, or register it there",
    ),
    "ACCESS_DENIED": _REFUSED.format("no access", "ask its operator"),
}


def secured(
    sock: socket.socket, host: str, context: ssl.SSLContext, exchange: Exchange
) -> ssl.SSLSocket:
    """The socket after its handshake with a verified host. Raises Failed with kind tls or timeout."""
    seconds = exchange.remaining()
    sock.settimeout(seconds)
    with _cut_off(sock, seconds):
        try:
            return context.wrap_socket(sock, server_hostname=host)
        except OSError as error:
            sock.close()
            failed = unwelcome(exchange.host, error) or Failed(
                "tls", _sentence(exchange.host, error)
            )
            raise exchange.broken(failed) from None


def unwelcome(host: str, error: OSError) -> Failed | None:
    """The failure of a server that said what it has against our certificate, or against there being none.

    By TLS 1.3 it says so after the handshake, in the place of an answer: it has not looked at the request.
    """
    reason = getattr(error, "reason", None) or ""
    _, alert, what = reason.partition("_ALERT_")
    if not alert or what not in _UNWELCOME:
        return None
    return Failed("credentials", _UNWELCOME[what].format(host=host))


@contextmanager
def _cut_off(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Shuts the socket when the time is up: gevent's TLS handshake times each read of it, not the whole.

    Wrapping a socket in TLS takes its descriptor away, so the timer holds one of its own.
    """
    handle = sock.dup()
    timer = threading.Timer(seconds, _shut, [handle])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        handle.close()


def _shut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


def _sentence(host: str, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        fault = _CERTIFICATE.get(error.verify_code, "could not be verified")
        return f"the TLS certificate of {host} {fault}: check base_url, or add its issuer to BRIDGE_CA_BUNDLE"
    return f"cannot make a TLS connection to {host}: check its port and TLS version"
