"""Requests that were not taken: counted while they come, said and stored once a second.

So a flood of them costs the store one small job a second, which rides in no sender's commit.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bridge import log, metrics
from bridge.greenlets import later
from bridge.receive import paths
from bridge.receive.request import announced_size
from bridge.receive.sampled import SECOND, Sampled
from bridge.store import Database, rejections
from bridge.store.rejections import Rejection

# Of a source that are kept as they were, in one second; the rest without path, address and size.
KINDS = 50
SEVERAL = "several"
UNKNOWN = "(unknown)"  # the name under which requests to no source are counted

Environ = dict[str, Any]

_log = log.get("receive")


class Refusals:
    """Those of one process. `sources` are the configured ones by name, `remote` tells who sent a request."""

    def __init__(
        self,
        database: Database,
        *,
        sources: Callable[[], Mapping[str, object]],
        remote: Callable[[Environ], str],
    ) -> None:
        self._database, self._sources, self._remote = database, sources, remote
        self._found: Counter[Rejection] = Counter()
        self._kinds: Counter[str] = Counter()  # of each source
        self._say = Sampled(_log.warning)

    def count(self, name: str, reason: str, status: int, environ: Environ) -> None:
        """Counts a request to the source of a name. Never waits."""
        sources = self._sources()
        refused = Rejection(
            source=name if name in sources else UNKNOWN,
            reason=reason,
            status=status,
            remote=self._remote(environ),
            size=announced_size(environ),
            path=paths.shown(environ.get("PATH_INFO", ""), sources),
        )
        self.add(refused)

    def watching(
        self, environ: Environ, start: Callable[..., Any]
    ) -> Callable[..., Any]:
        """`start`, that counts an answer of 404: a sender may have been given an address where nothing is."""

        def begin(status: str, *rest: Any) -> Any:
            if status.startswith("404"):
                meant = paths.name_in(environ.get("PATH_INFO", "").rstrip("/"))
                reason = "trailing_slash" if meant else "wrong_path"
                self.count(meant or UNKNOWN, reason, 404, environ)
            return start(status, *rest)

        return begin

    def add(self, refused: Rejection) -> None:
        """Counts one. Never waits."""
        metrics.REQUESTS.labels(refused.source, refused.reason).inc()
        if refused not in self._found:
            if self._kinds[refused.source] >= KINDS:
                refused = refused._replace(path=SEVERAL, remote=SEVERAL, size=0)
            self._kinds[refused.source] += 1
        self._say(
            "request refused",
            source=refused.source,
            reason=refused.reason,
            status=refused.status,
            path=refused.path,
        )
        waits = bool(self._found)
        self._found[refused] += 1
        if not waits:
            later(SECOND, self._store)

    def _store(self) -> None:
        counts, self._found, self._kinds = self._found, Counter(), Counter()
        job = partial(rejections.add, counts=counts, now=datetime.now(UTC))
        self._database.write_soon(job)
