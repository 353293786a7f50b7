"""POST /hooks/<source>, read from top to bottom: whole body, proven sender, events, one commit, answer.

GET and HEAD serve handshakes and senders that notify by GET. What a provider wants answered instead of the bridge's own
words comes from its data file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, request

from bridge import log, metrics, providers
from bridge.errors import ConfigurationError, NotVerified, Refused, StoreUnavailable
from bridge.mapping import Ruleset, Source
from bridge.model import Request, Verified
from bridge.receive.body import read_body
from bridge.secret import Secret, resolve
from bridge.settings import Network, Settings
from bridge.store import Database, events, rejections
from bridge.store.events import Accepted
from bridge.strict import json

WRITE_TIMEOUT = 2.0  # seconds until 503; a commit that comes later makes the sender's retry a duplicate
RETRY_AFTER = "5"  # seconds
UNKNOWN = "(unknown)"  # the name under which requests to unknown sources are counted

_log = log.get("receive")


@dataclass(frozen=True, kw_only=True)
class Front:
    """What receiving needs: the store, the sources of the active ruleset, the limits."""

    database: Database
    ruleset: Callable[[], Ruleset]
    settings: Settings

    def blueprint(self) -> Blueprint:
        """The Flask routes."""
        routes = Blueprint("hooks", __name__)
        methods = ["POST", "GET", "HEAD"]
        routes.add_url_rule(
            "/hooks/<name>",
            view_func=self.receive,
            methods=methods,
            provide_automatic_options=False,
        )
        return routes

    def receive(self, name: str) -> Response:
        """Takes one request in and answers it; nothing that was answered 2xx can be lost."""
        source = self.ruleset().sources.get(name)
        try:
            received = self._request()
            if source is None:
                raise NotVerified("no such source", reason="unknown_source")
            secrets = _secrets(source)
            greeting = providers.handshake(source.provider, received, secrets)
            if greeting is not None:
                return _answer(greeting)
            verified = self._verify(source, received, secrets)
            accepted = self._store(source, verified)
        except Refused as refusal:
            return self._refuse(source, refusal)
        except (StoreUnavailable, ConfigurationError) as error:
            return _unavailable(name, error)
        return _thank(source, accepted)

    def _request(self) -> Request:
        environ = request.environ
        now = datetime.now(UTC)
        limit, seconds = self.settings.max_body, self.settings.read_timeout
        body = read_body(environ, limit=limit, seconds=seconds)
        return Request(
            method=request.method,
            target=_target(environ),
            headers=tuple((name, value) for name, value in request.headers),
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
        found = providers.read(source.provider, source.name, verified)
        return self.database.write(
            lambda connection: events.accept(connection, verified.request, found),
            WRITE_TIMEOUT,
        )

    def _refuse(self, source: Source | None, refusal: Refused) -> Response:
        """Answers, and keeps when, from where and why; without waiting, so that refusing stays cheap."""
        name = source.name if source else UNKNOWN
        metrics.REQUESTS.labels(name, refusal.reason).inc()
        _log.warning(
            "request refused", source=name, reason=refusal.reason, status=refusal.status
        )
        remote, size = self._remote(), request.content_length or 0
        now = datetime.now(UTC)
        self.database.write_soon(
            lambda connection: rejections.add(
                connection,
                source=name,
                reason=refusal.reason,
                status=refusal.status,
                remote=remote,
                size=size,
                now=now,
            )
        )
        if source and (told := providers.answer(source.provider, "refused")):
            return _answer(told)
        if isinstance(refusal, NotVerified):
            return _json(401, {"status": "refused", "error": "not verified"})
        return _json(refusal.status, {"status": "refused", "error": str(refusal)})

    def _remote(self) -> str:
        """Who connected; behind trusted proxies the nearest address that is not one of them."""
        hops = request.headers.get("X-Forwarded-For", "").split(",")
        remote = request.remote_addr or ""
        while hops and _within(remote, self.settings.trusted_proxies):
            remote = hops.pop().strip() or remote
        return remote


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _secrets(source: Source) -> tuple[Secret, ...]:
    return tuple(resolve(reference) for reference in source.secrets)


def _target(environ: dict[str, Any]) -> str:
    """Path and query as the sender wrote them: signatures may cover every character."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw:
        return str(raw)
    query = environ.get("QUERY_STRING", "")
    return f"{environ.get('PATH_INFO', '')}{'?' + query if query else ''}"


def _thank(source: Source, accepted: Accepted) -> Response:
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
        return _answer(told)
    return _json(
        202 if accepted.new else 200, {"status": status, "events": list(accepted.ids)}
    )


def _unavailable(name: str, error: StoreUnavailable | ConfigurationError) -> Response:
    """Nothing was accepted and the sender shall try again: the fault is on our side."""
    metrics.REQUESTS.labels(name, error.reason).inc()
    _log.error("request not taken", source=name, reason=error.reason, error=str(error))
    answer = _json(
        503, {"status": "unavailable", "error": "not accepted, send it again"}
    )
    answer.headers["Retry-After"] = RETRY_AFTER
    return answer


def _json(status: int, value: dict[str, Any]) -> Response:
    return Response(json.dumps(value), status=status, content_type="application/json")


def _answer(answer: providers.Answer) -> Response:
    return Response(answer.body, status=answer.status, headers=list(answer.headers))
