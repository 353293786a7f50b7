"""Structured log lines: for people on a terminal, one JSON object a line everywhere else.

Callers log ids, states and reasons, never payloads, headers or secrets. Control characters in values are escaped by
both renderers, so nothing a sender writes can forge a line.
"""

import json
import logging
import sys
from contextlib import suppress
from typing import Any

import structlog


def configure(*, stream: Any = None) -> None:
    """Sets up structlog, and routes the standard library's loggers (gunicorn's among them) the same way."""
    out = stream or sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered = [structlog.processors.format_exc_info, _renderer(out.isatty())]
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda: _Lines(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[without_meta, *rendered]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it narrates its own set-up


def silence() -> None:
    """No lines from this process: for a command that shows its work in another way."""
    drop_all = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=drop_all)


def get(room: str) -> Any:
    """The logger of a room; its name is part of every line. Lazy, so that it may be made before `configure`."""
    return structlog.get_logger(room=room)


class _Lines:
    """Writes lines, and goes on where that fails: a full disk under the log must not stop what it tells of."""

    def __init__(self, out: Any) -> None:
        self._out = out

    def msg(self, line: str) -> None:
        """One line, whole."""
        with suppress(OSError, ValueError):
            self._out.write(f"{line}\n")
            self._out.flush()

    debug = info = warning = error = critical = msg


def _renderer(terminal: bool) -> Any:
    if terminal:
        plain = structlog.dev.plain_traceback
        return structlog.dev.ConsoleRenderer(exception_formatter=plain)
    return lambda logger, level, event: _JSON.encode(event)


# Made once: json.dumps with an option makes an encoder for each line.
_JSON = json.JSONEncoder(ensure_ascii=False, default=repr)
