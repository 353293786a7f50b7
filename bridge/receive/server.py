"""Gunicorn's settings, which keep promises that no application can keep alone.

`gunicorn.conf.py` takes all names of this module; `bridge serve` uses it directly. Loaded by gunicorn's master before
it forks, so nothing here may open a file or start a thread.
"""

import logging
import math
import os
import signal
from typing import Any

from gunicorn.glogging import Logger

from bridge import log, processes, settings
from bridge.receive.sampled import Sampled

_settings = settings.load()

bind = [_settings.bind, _settings.admin_bind]
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
worker_class = "bridge.receive.gunicorn_worker.Receiver"  # 40 slow sockets starve sync and gthread workers
worker_connections = 1_000
preload_app = False  # the store is opened after the fork
# Seconds for a whole request, and between requests.
keepalive = math.ceil(_settings.read_timeout)
timeout = 60  # seconds without a sign of life until a receiver is killed and replaced
graceful_timeout = 30  # seconds that requests get to finish after SIGTERM
max_requests = 0
control_socket_disable = True  # else gunicorn opens a socket in the home folder
limit_request_line = 8190  # as for a field of the head: tokens stand in paths, too
forwarded_allow_ips = ""  # front.py reads X-Forwarded-For itself
proc_name = "bridge-receiver"


def post_worker_init(_: Any) -> None:
    """Gunicorn's hook: the application is loaded, and no request came yet."""
    processes.settle()


def post_fork(server: Any, worker: Any) -> None:
    """A receiver that is told to stop while it starts ends at once: it has taken in nothing.

    Until gunicorn sets its handlers, those of the master would swallow the signal, and the stop would take 30 s.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _Logger(Logger):  # type: ignore[misc]
    """Gunicorn's own lines go where all lines go."""

    def setup(self, cfg: Any) -> None:
        """Replaces gunicorn's handlers."""
        super().setup(cfg)
        log.configure()
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
        self.access_log.setLevel(logging.CRITICAL)
        self._invalid = Sampled(self._say)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Without what a malformed request held: its first line may carry a token."""
        if msg.startswith("Invalid request"):
            self._invalid("invalid request")
        else:
            super().warning(msg, *args, **kwargs)

    def _say(self, event: str, *, more_in_the_last_second: int = 0) -> None:
        more = more_in_the_last_second
        super().warning(f"{event}, {more} more in the last second" if more else event)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """The same for the target of a request that failed."""
        if msg.startswith("Error handling request"):
            msg, args = "error handling request", ()
        super().exception(msg, *args, **kwargs)


logger_class = _Logger
