"""Client certificates: as whom the bridge shows itself in a TLS handshake. Out of text, since a reference gave it.

OpenSSL reads them from files only, so for a moment there is one: in memory where the system has such, else one that
nobody else may read. Nothing here is logged, and what is wrong is told without a character of it.
"""

import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256

from bridge.errors import ConfigurationError

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")
_ENCRYPTED = re.compile(r"BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: *4,ENCRYPTED")
_IN_MEMORY = hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientCertificate:
    """PEM texts in the clear: the certificate, with those of its issuers after it, and its private key."""

    certificate: str = field(repr=False)
    key: str = field(default="", repr=False)  # "": it stands in `certificate`
    password: str = field(default="", repr=False)  # of the key

    @property
    def digest(self) -> bytes:
        """What tells it from others."""
        parts = (self.certificate, self.key, self.password)
        return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).digest()


def show(context: ssl.SSLContext, own: ClientCertificate) -> None:
    """Makes connections of a context show the certificate. Raises ConfigurationError with what is wrong with it."""
    if problem := _problem(own):
        raise ConfigurationError(problem)
    # An empty password too is given: OpenSSL asks for one at the terminal otherwise.
    with _as_file(f"{own.key}\n{own.certificate}") as path:
        try:
            context.load_cert_chain(path, password=lambda: own.password)
        except (OSError, ValueError) as error:
            raise ConfigurationError(_sentence(own, error)) from None


def _problem(own: ClientCertificate) -> str:
    if _CERTIFICATE not in own.certificate:
        return f"client_certificate contains no PEM certificate, which begins with {_CERTIFICATE}"
    if own.key and not _KEY.search(own.key):
        return "client_key contains no PEM private key, which begins with -----BEGIN PRIVATE KEY-----"
    if not own.key and not _KEY.search(own.certificate):
        return "client_certificate contains no private key: add client_key"
    if _ENCRYPTED.search(own.key or own.certificate) and not own.password:
        return "client_key is encrypted: add client_key_password"
    return ""


def _sentence(own: ClientCertificate, error: Exception) -> str:
    reason = getattr(error, "reason", None) or ""
    if reason == "KEY_VALUES_MISMATCH":
        return "client_key does not belong to client_certificate: use a matching pair"
    if "TOO_SMALL" in reason or "TOO_WEAK" in reason:
        return "client_certificate is too weak for today's TLS: get one with a longer key and SHA-256"
    if own.password:
        return "client_key cannot be decrypted with client_key_password, or is damaged"
    return "client_certificate or client_key is damaged, or of a kind that TLS does not support"


@contextmanager
def _as_file(text: str) -> Iterator[str]:
    raw = text.encode("utf-8", "surrogateescape")
    if not _IN_MEMORY:
        with tempfile.NamedTemporaryFile(prefix="bridge-") as file:  # mode 0600
            file.write(raw)
            file.flush()
            yield file.name
        return
    descriptor = os.memfd_create("bridge", os.MFD_CLOEXEC)
    with open(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        yield f"/proc/self/fd/{descriptor}"
