"""Sends a recorded payload as its sender would now, for `bridge send`: signs it with the source's secret, and posts it.

It follows no redirect, uses no proxy and sends the target exactly as it was signed, because the signature may cover it.
"""

import http.client
import os
import ssl
import time
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from bridge import providers
from bridge.errors import BridgeError, ConfigurationError
from bridge.mapping import Source, patched
from bridge.model import Headers, Json, Request
from bridge.providers.times import stamp
from bridge.providers.view import View
from bridge.secret import Secret, resolve
from bridge.strict.outgoing import FORM
from bridge.strict.paths import dig

# Seconds.
TIMEOUT = 30.0
_OWN = ("host", "content-length", "connection", "transfer-encoding", "expect")
# Bytes.
_MAX_ANSWER = 64 * 1024


class Unreachable(BridgeError):
    """Nobody answers at the address."""

    reason = "unreachable"
    exit_code = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer: `body` is text, `elapsed` is in seconds."""

    status: int
    body: str
    elapsed: float


@dataclass(frozen=True, kw_only=True)
class Sender:
    """The sender of a source: how it signs, and with what. `public_url` is the bridge's own URL."""

    source: Source
    secret: Secret
    public_url: str

    def addressed(self, request: Request) -> Request:
        """The recorded payload with this source's name in its target."""
        _, mark, query = request.target.partition("?")
        return replace(request, target=f"/hooks/{self.source.name}{mark}{query}")

    def signed(self, request: Request, now: datetime) -> Request:
        """The request, signed at `now`; a check of the URL is signed only if its sender does so."""
        provider = self.source.provider
        if providers.handshake(provider, request, [self.secret], signed=False):
            return request
        return providers.sign(
            provider,
            _dated(self.source, request, now),
            self.secret,
            now=now,
            public_url=self.public_url,
        )

    def shown(self, request: Request) -> Request:
        """A signed request that may be printed: if the secret itself is sent, it reads <secret>."""
        recipe = self.source.provider.recipe
        if recipe and recipe.scheme in ("token", "bearer", "basic"):
            return providers.masked(self.source.provider, request)
        return request


def secret_of(source: Source) -> Secret:
    """The first of a source's secrets, which its sender signs with. Raises MissingSecret."""
    if not source.secrets:
        raise ConfigurationError(f"source '{source.name}' has no secret")
    return resolve(source.secrets[0])


def key_pair(algorithm: str, file: Path | None) -> tuple[Secret, str]:
    """A private key to sign with instead of the sender's, and its public key in PEM.

    Read from the file, which is created if it does not exist; without a file, the pair is not kept.
    """
    if file is not None and file.exists():
        private = file.read_text("utf-8", errors="surrogateescape")
        return Secret(private), providers.public_of(private)
    private, public = providers.key_pair(algorithm)
    if file is not None:
        with open(file, "x", opener=_for_its_owner) as kept:
            kept.write(private)
    return Secret(private), public


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def as_body(source: Source, request: Request) -> Request:
    """A bare body with the content type of the source; if it takes both, JSON is recognised by its first character."""
    content = source.provider.event.content
    is_json = request.body.lstrip()[:1] in (b"{", b"[")
    if "form" in content and ("json" not in content or not is_json):
        return replace(request, headers=(("Content-Type", FORM),))
    return request


def post(base: str, request: Request, ca_bundle: Path | None = None) -> Answer:
    """Sends a request to the bridge at `base`, with TLS verified as for vendors.

    Raises Unreachable, ConfigurationError for a header with a line break, or SettingsError for the bundle.
    """
    sent = headers(request)
    _require_whole(sent)
    started = time.monotonic()
    try:
        parts = urlsplit(base)
        connection = _connection(parts.scheme, parts.netloc, ca_bundle)
        target = parts.path.rstrip("/") + request.target
        connection.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in sent:
            connection.putheader(name, value)
        connection.endheaders(request.body or None)
        reply = connection.getresponse()
        body = reply.read(_MAX_ANSWER)
        connection.close()
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(
            f"the certificate of {base} cannot be verified ({error.verify_message}), so nothing was sent:"
            " check the URL, or set BRIDGE_CA_BUNDLE to its issuer's certificate"
        ) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        # http.client may repeat a text that it was given, which may be a secret: do not show its message.
        known = str(error) if isinstance(error, OSError) else ""
        said = getattr(error, "strerror", None) or known or type(error).__name__
        raise Unreachable(
            f"{base} does not answer ({said}): is `bridge serve` running there?"
        ) from None
    return Answer(
        status=reply.status,
        body=body.decode("utf-8", "backslashreplace"),
        elapsed=time.monotonic() - started,
    )


def headers(request: Request) -> Headers:
    """The request's own headers, repeated ones included, and the length of its body."""
    length = ("Content-Length", str(len(request.body)))
    return (*request.without(*_OWN), *([length] if request.method == "POST" else []))


def _require_whole(headers: Headers) -> None:
    for name, value in headers:
        if any(sign in value for sign in "\r\n\0"):
            raise ConfigurationError(
                f"header {name} cannot be sent: it contains a line break, perhaps at the end of the secret"
            )


def _connection(
    scheme: str, host: str, ca_bundle: Path | None
) -> http.client.HTTPConnection:
    if scheme == "https":
        # Imported here, because it is slow and plain HTTP is usual.
        from bridge.outbound.tls import trusting

        context = trusting(str(ca_bundle) if ca_bundle else None)
        return http.client.HTTPSConnection(host, timeout=TIMEOUT, context=context)
    return http.client.HTTPConnection(host, timeout=TIMEOUT)


def _dated(source: Source, request: Request, now: datetime) -> Request:
    """The request with the time of signing in its body, if the sender puts it there, as the same kind of value."""
    recipe = source.provider.recipe
    if recipe is None or recipe.timestamp is None:
        return request
    place = recipe.timestamp.source[0]
    if place.kind != "body":
        return request
    text = stamp(now, recipe.timestamp.unit)
    old = dig(View(request).body, place.path)
    value: Json = int(text) if isinstance(old, int | Decimal) else text
    path = ".".join(("event", *place.path))
    try:
        return patched(request, source.provider, {path: value})
    except ValueError as error:
        said = f"cannot write the time into the body: {error}"
        raise ConfigurationError(said) from None
