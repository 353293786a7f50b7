"""POST /hooks/<source>, read from top to bottom: whole body, allowed and proven sender, events, one commit, answer.

GET and HEAD serve handshakes and senders that notify by GET. What a provider wants answered instead of the bridge's own
words comes from its data file. Plain WSGI: this is the busiest path, and a framework would cost as much as all of it.

Reading a large body takes a thread of its own: whoever sends one holds up nobody else.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from bridge import log, metrics, providers
from bridge.errors import ConfigurationError, NotVerified, Refused, StoreUnavailable
from bridge.greenlets import computed
from bridge.mapping import Ruleset, Source
from bridge.model import Event, Request, Verified
from bridge.providers import Answer
from bridge.receive import answers
from bridge.receive.admission import (
    Places,
    check_network,
    check_type,
    is_within,
    remote,
)
from bridge.receive.body import read_body
from bridge.receive.large import Room, Share
from bridge.receive.paths import name_in
from bridge.receive.proving import Prover
from bridge.receive.refusals import UNKNOWN, Refusals
from bridge.receive.request import request_of
from bridge.receive.sampled import Sampled
from bridge.settings import Settings
from bridge.store import Database, Together, events
from bridge.store.events import Accepted

WRITE_TIMEOUT = 2.0  # seconds until 503; a commit that comes later makes the sender's retry a duplicate
METHODS = ("POST", "GET", "HEAD")

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_log = log.get("receive")


class Front:
    """What receiving needs: the store, the sources of the active ruleset, the limits."""

    def __init__(
        self, *, database: Database, ruleset: Callable[[], Ruleset], settings: Settings
    ) -> None:
        self.database, self.ruleset, self.settings = database, ruleset, settings
        self.places, self.room = Places(), Room()
        self.refusals = Refusals(
            database,
            sources=lambda: ruleset().sources,
            remote=self._remote,
        )
        self.prover = Prover(settings, database)
        self.say_error = Sampled(_log.error)

    def mounted(self, rest: Wsgi) -> Wsgi:
        """The WSGI application: /hooks/<source>[/<token>] goes here, everything else to `rest`.

        The token is the recipe's affair, which reads it from the target as it was sent.
        """

        def serve(environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
            name = name_in(environ.get("PATH_INFO", ""))
            if name is None:
                return rest(environ, self.refusals.watching(environ, start))
            if environ["REQUEST_METHOD"] in METHODS:
                answer = self.receive(name, environ)
            else:
                answer = self._greeted(name, environ) or self._refuse_method(
                    name, environ
                )
            return answers.send(answer, environ, start)

        return serve

    def receive(self, name: str, environ: Environ) -> Answer:
        """Takes one request in and answers it; nothing that was answered 2xx can be lost."""
        with self.room.held(lambda: self._remote(environ)) as share:
            return self._received(name, environ, share)

    def _received(self, name: str, environ: Environ, share: Share) -> Answer:
        source = self.ruleset().sources.get(name)
        try:
            received = self._request(source or self._stand_in(name), environ, share)
            if source is None:
                raise self._unknown(name, received, environ)
            proven = self._admit(source, received, environ)
            if isinstance(proven, Answer):
                return self.prover.act(source, proven)
            check_type(source.allow, received)
            with self.places.of(source.name):
                accepted = self._store(source, proven)
        except Refused as refusal:
            return self._refuse(source, refusal, environ)
        except (StoreUnavailable, ConfigurationError) as error:
            return self._unavailable(source.name if source else UNKNOWN, error)
        _keep_connection(environ)
        return _thank(source, accepted)

    def _greeted(self, name: str, environ: Environ) -> Answer | None:
        """The answer to a check of the URL by a method that no event comes by; None where nothing is asked so."""
        source = self.ruleset().sources.get(name)
        if source is None or not source.provider.greets_by(environ["REQUEST_METHOD"]):
            return None
        try:
            received = self._request(None, environ, Share(self.room, str))
            check_network(source.allow, self._remote(environ))
            answer = self.prover.greeting(source, received, signed=False)
            return answer and self.prover.act(source, answer)
        except Refused as refusal:
            return self._refuse(source, refusal, environ)
        except (StoreUnavailable, ConfigurationError) as error:
            return self._unavailable(name, error)

    def _request(
        self, source: Source | None, environ: Environ, share: Share
    ) -> Request:
        now, free = datetime.now(UTC), self.settings.max_body
        limit = source.allow.max_body if source else None
        if source and limit and not is_within(source.allow, self._remote(environ)):
            limit = None
        body = read_body(
            environ,
            limit=limit or free,
            free=free,
            share=share,
            seconds=self.settings.read_timeout,
        )
        return request_of(environ, body, now)

    def _stand_in(self, name: str) -> Source | None:
        """The source whose work is done for an unknown name: neither time nor size tells that there is none."""
        sources = [*self.ruleset().sources.values()]
        return sources[crc32(name.encode()) % len(sources)] if sources else None

    def _unknown(self, name: str, received: Request, environ: Environ) -> NotVerified:
        """The refusal of a request to no source, after the work that one to a source takes."""
        if stand_in := self._stand_in(name):
            with suppress(Refused, ConfigurationError):
                self._admit(stand_in, received, environ)
        return NotVerified("no such source", reason="unknown_source")

    def _admit(
        self, source: Source, received: Request, environ: Environ
    ) -> Verified | Answer:
        """The proven request, or the answer to a check of the URL."""
        try:
            size = providers.most_bytes(received)
            return self.prover.prove(source, received, size)
        finally:  # last, and over any other no: an outsider learns nothing by waiting either
            check_network(source.allow, self._remote(environ))

    def _store(self, source: Source, verified: Verified) -> Accepted:
        self.database.require_room(self.settings.min_free)
        size = providers.most_bytes(verified.request)
        received, kept = computed(size, lambda: _read(source, verified))
        job = Together(
            events.accept_all,
            (kept, received),
            who=source.name,
            weight=len(received),
            size=len(kept.body),
        )
        return self.database.write(job, WRITE_TIMEOUT)

    def _refuse(
        self, source: Source | None, refusal: Refused, environ: Environ
    ) -> Answer:
        """Answers, and keeps when, from where and why; without waiting, so that refusing stays cheap."""
        name = source.name if source else UNKNOWN
        self.refusals.count(name, refusal.reason, refusal.status, environ)
        return answers.refused(source, refusal)

    def _refuse_method(self, name: str, environ: Environ) -> Answer:
        self.refusals.count(name, "method", 405, environ)
        return Answer(status=405, headers=(("Allow", ", ".join(METHODS)),))

    def _unavailable(
        self, name: str, error: StoreUnavailable | ConfigurationError
    ) -> Answer:
        metrics.REQUESTS.labels(name, error.reason).inc()
        said = {"source": name, "reason": error.reason, "error": str(error)}
        self.say_error("request not taken", **said)
        return answers.unavailable()

    def _remote(self, environ: Environ) -> str:
        return remote(environ, self.settings.trusted_proxies)


def _read(source: Source, verified: Verified) -> tuple[tuple[Event, ...], Request]:
    """The events of a request, and what is kept of it."""
    received = providers.take(source.provider, source.name, verified)
    return received, providers.masked(source.provider, verified.request)


def _keep_connection(environ: Environ) -> None:
    """Tells our worker's connection that it is a proven sender's."""
    prove = getattr(environ.get("bridge.connection"), "prove", None)
    if prove is not None:
        prove()


def _thank(source: Source, accepted: Accepted) -> Answer:
    status, answer = answers.taken(source, accepted)
    metrics.REQUESTS.labels(source.name, status).inc()
    # What is new is told of once, when it is routed.
    if accepted.conflicts or not 0 < accepted.new == len(accepted.ids):
        _log.info(
            f"request {status}",
            source=source.name,
            event_ids=list(accepted.ids),
            new=accepted.new,
            conflicts=accepted.conflicts,
        )
    return answer
