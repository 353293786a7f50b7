"""POST /hooks/<source>, read from top to bottom: whole body, allowed and proven sender, events, one commit, answer.

GET and HEAD serve handshakes and senders that notify by GET. What a provider wants answered instead of the bridge's own
words comes from its data file. Plain WSGI: this is the busiest path, and a framework would cost as much as all of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from bridge import log, metrics, providers
from bridge.errors import ConfigurationError, NotVerified, Refused, StoreUnavailable
from bridge.mapping import Ruleset, Source
from bridge.model import Headers, Request, Verified
from bridge.providers import Answer
from bridge.receive.admission import check_network, check_type, remote
from bridge.receive.body import read_body
from bridge.secret import Secret, resolve
from bridge.settings import Settings
from bridge.store import Database, Together, events, rejections
from bridge.store.events import Accepted
from bridge.strict import json

WRITE_TIMEOUT = 2.0  # seconds until 503; a commit that comes later makes the sender's retry a duplicate
RETRY_AFTER = "5"  # seconds
UNKNOWN = "(unknown)"  # the name under which requests to unknown sources are counted
METHODS = ("POST", "GET", "HEAD")
_UNPREFIXED = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}
_FORGED = tuple(f"HTTP_{key}" for key in _UNPREFIXED)

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_log = log.get("receive")


@dataclass(frozen=True, kw_only=True)
class Front:
    """What receiving needs: the store, the sources of the active ruleset, the limits."""

    database: Database
    ruleset: Callable[[], Ruleset]
    settings: Settings

    def mounted(self, rest: Wsgi) -> Wsgi:
        """The WSGI application: /hooks/<source>[/<token>] goes here, everything else to `rest`.

        The token is the recipe's affair, which reads it from the target as it was sent.
        """

        def serve(environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
            _, room, *names = environ.get("PATH_INFO", "").split("/")
            if room != "hooks" or len(names) not in (1, 2) or "" in names[1:]:
                return rest(environ, start)
            if environ["REQUEST_METHOD"] in METHODS:
                answer = self.receive(names[0], environ)
            else:
                answer = Answer(status=405, headers=(("Allow", ", ".join(METHODS)),))
            return _send(answer, environ, start)

        return serve

    def receive(self, name: str, environ: Environ) -> Answer:
        """Takes one request in and answers it; nothing that was answered 2xx can be lost."""
        source = self.ruleset().sources.get(name)
        try:
            received = self._request(environ)
            if source is None:
                raise NotVerified("no such source", reason="unknown_source")
            check_network(source.allow, self._remote(environ))
            secrets = _secrets(source)
            token = resolve(source.token) if source.token else None
            greeting = providers.handshake(source.provider, received, secrets, token)
            if greeting is not None:
                return greeting
            verified = self._verify(source, received, secrets)
            check_type(source.allow, received)
            accepted = self._store(source, verified)
        except Refused as refusal:
            return self._refuse(source, refusal, environ)
        except (StoreUnavailable, ConfigurationError) as error:
            return _unavailable(name, error)
        return _thank(source, accepted)

    def _request(self, environ: Environ) -> Request:
        now = datetime.now(UTC)
        limit, seconds = self.settings.max_body, self.settings.read_timeout
        body = read_body(environ, limit=limit, seconds=seconds)
        return Request(
            method=environ["REQUEST_METHOD"],
            target=_target(environ),
            headers=_headers(environ),
            body=body,
            received_at=now,
        )

    def _verify(
        self, source: Source, received: Request, secrets: Sequence[Secret]
    ) -> Verified:
        return providers.verify(
            source.provider,
            received,
            secrets,
            now=received.received_at,
            public_url=self.settings.public_url,
        )

    def _store(self, source: Source, verified: Verified) -> Accepted:
        self.database.require_room(self.settings.min_free)
        found = providers.read(source.provider, source.name, verified)
        kept = providers.masked(source.provider, verified.request)
        return self.database.write(
            Together(events.accept_all, (kept, found)), WRITE_TIMEOUT
        )

    def _refuse(
        self, source: Source | None, refusal: Refused, environ: Environ
    ) -> Answer:
        """Answers, and keeps when, from where and why; without waiting, so that refusing stays cheap."""
        name = source.name if source else UNKNOWN
        metrics.REQUESTS.labels(name, refusal.reason).inc()
        _log.warning(
            "request refused", source=name, reason=refusal.reason, status=refusal.status
        )
        address, size = self._remote(environ), _size(environ)
        now = datetime.now(UTC)
        self.database.write_soon(
            lambda connection: rejections.add(
                connection,
                source=name,
                reason=refusal.reason,
                status=refusal.status,
                remote=address,
                size=size,
                now=now,
            )
        )
        if source and (told := providers.answer(source.provider, "refused")):
            return told
        if isinstance(refusal, NotVerified):
            return _json(401, {"status": "refused", "error": "not verified"})
        return _json(refusal.status, {"status": "refused", "error": str(refusal)})

    def _remote(self, environ: Environ) -> str:
        return remote(environ, self.settings.trusted_proxies)


def _secrets(source: Source) -> tuple[Secret, ...]:
    return tuple(resolve(reference) for reference in source.secrets)


def _headers(environ: Environ) -> Headers:
    """Names as they are usually written: WSGI keeps no other. Type and length are those that the server read."""
    headers = [
        (key[5:].replace("_", "-").title(), value)
        for key, value in environ.items()
        if key.startswith("HTTP_") and key not in _FORGED
    ]
    for key, name in _UNPREFIXED.items():
        if environ.get(key):
            headers.append((name, environ[key]))
    return tuple(headers)


def _size(environ: Environ) -> int:
    """The length that was announced, where it is one."""
    text = environ.get("CONTENT_LENGTH", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _target(environ: Environ) -> str:
    """Path and query as the sender wrote them: signatures may cover every character."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw:
        return str(raw)
    query = environ.get("QUERY_STRING", "")
    return f"{environ.get('PATH_INFO', '')}{'?' + query if query else ''}"


def _thank(source: Source, accepted: Accepted) -> Answer:
    status = "accepted" if accepted.new or not accepted.ids else "duplicate"
    metrics.REQUESTS.labels(source.name, status).inc()
    _log.info(
        f"request {status}",
        source=source.name,
        event_ids=list(accepted.ids),
        new=accepted.new,
        conflicts=accepted.conflicts,
    )
    told = providers.answer(source.provider, status)
    if told is not None:
        return told
    return _json(
        202 if accepted.new else 200, {"status": status, "events": list(accepted.ids)}
    )


def _unavailable(name: str, error: StoreUnavailable | ConfigurationError) -> Answer:
    """Nothing was accepted and the sender shall try again: the fault is on our side."""
    metrics.REQUESTS.labels(name, error.reason).inc()
    _log.error("request not taken", source=name, reason=error.reason, error=str(error))
    said = {"status": "unavailable", "error": "not accepted, send it again"}
    return _json(503, said, ("Retry-After", RETRY_AFTER))


def _json(status: int, value: dict[str, Any], *headers: tuple[str, str]) -> Answer:
    content = ("Content-Type", "application/json")
    return Answer(status=status, headers=(content, *headers), body=json.dumps(value))


def _send(
    answer: Answer, environ: Environ, start: Callable[..., Any]
) -> Iterable[bytes]:
    status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    length = ("Content-Length", str(len(answer.body)))
    # RFC 9110, 8.6: a 204, which some senders ask for, has no length.
    start(status, [*answer.headers, *([length] if answer.status != 204 else [])])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]
