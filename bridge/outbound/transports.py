"""A transport for each client certificate: a connection that one of them opened carries the calls of no other."""

import threading
from collections import OrderedDict

from bridge.outbound.certificate import ClientCertificate, show
from bridge.outbound.tls import trusting
from bridge.outbound.transport import Transport

MOST = 64  # certificates whose connections are kept


class Transports:
    """Those of a process, made as they are needed. Raises SettingsError for the bundle at once."""

    def __init__(self, ca_bundle: str | None) -> None:
        self._ca_bundle = ca_bundle
        self._plain = Transport(trusting(ca_bundle))
        self._own: OrderedDict[bytes, Transport] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, own: ClientCertificate | None) -> Transport:
        """The transport that shows a certificate. Raises ConfigurationError where that cannot be read."""
        if own is None:
            return self._plain
        digest = own.digest
        with self._lock:
            known = self._own.get(digest)
            if known:
                self._own.move_to_end(digest)
                return known
        context = trusting(self._ca_bundle)
        show(context, own)
        return self._kept(digest, Transport(context))

    def close(self) -> None:
        """Closes idle connections."""
        with self._lock:
            transports = [self._plain, *self._own.values()]
        for transport in transports:
            transport.close()

    def _kept(self, digest: bytes, made: Transport) -> Transport:
        with self._lock:
            kept = self._own.setdefault(digest, made)
            dropped = (
                [self._own.popitem(last=False)[1]] if len(self._own) > MOST else []
            )
        for transport in dropped:
            transport.close()
        return kept
