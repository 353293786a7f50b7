"""Gunicorn's gevent worker, with one thing more: told to stop, it does not wait for connections that say nothing.

Without it a single idle keep-alive connection, which every proxy holds, delays each restart by the keep-alive time.
Requests that are being read or answered still finish.
"""

from types import FrameType
from typing import Any

import gevent
from gunicorn.workers.ggevent import GeventWorker

_LAST_WORD = (
    0.2  # seconds for a request that is already on its way on an idle connection
)


class Receiver(GeventWorker):  # type: ignore[misc]
    """Knows which of its greenlets wait for a next request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.idle: set[_Waiting] = set()

    def timeout_ctx(self) -> "_Waiting":
        """What gunicorn enters while it waits for a request's head."""
        return _Waiting(self)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: as gunicorn does, and ends the idle connections."""
        super().handle_exit(sig, frame)
        gevent.spawn_later(_LAST_WORD, self._end_idle)

    def _end_idle(self) -> None:
        for waiting in list(self.idle):
            waiting.end()


class _Waiting:
    """The time a connection may take to send a head, cut short by `end`."""

    def __init__(self, worker: Receiver) -> None:
        self._worker = worker
        self._greenlet = gevent.getcurrent()
        self._timeout = gevent.Timeout(worker.cfg.keepalive, False)

    def __enter__(self) -> None:
        self._worker.idle.add(self)
        self._timeout.start()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        self._worker.idle.discard(self)
        self._timeout.close()
        return error is self._timeout

    def end(self) -> None:
        """Ends the wait as if its time were over."""
        self._greenlet.throw(self._timeout)
