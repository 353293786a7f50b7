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


logger_class = _Logger
