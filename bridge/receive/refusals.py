"""Requests that were not taken: counted while they come, said and stored once a second.

So a flood of them costs the store one small job a second, which rides in no sender's commit.
"""

from collections import Counter
from datetime import UTC, datetime
from functools import partial

from bridge import log, metrics
from bridge.greenlets import later
from bridge.receive.sampled import SECOND, Sampled
from bridge.store import Database, rejections
from bridge.store.rejections import Rejection

# Of a source that are kept as they were, in one second; the rest without path, address and size.
KINDS = 50
SEVERAL = "several"

_log = log.get("receive")


class Refusals:
    """Those of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: Counter[Rejection] = Counter()
        self._kinds: Counter[str] = Counter()  # of each source
        self._say = Sampled(_log.warning)

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
        found, self._found, self._kinds = self._found, Counter(), Counter()
        job = partial(rejections.add, found=found, now=datetime.now(UTC))
        self._database.write_soon(job)
