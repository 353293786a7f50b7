"""Structured log lines: for people on a terminal, one JSON object a line everywhere else.

Callers log ids, states and reasons, never payloads, headers or secrets. Control characters in values are escaped by
both renderers, so nothing a sender writes can forge a line.
"""

import logging
import sys
from typing import Any

import structlog


def configure(*, stream: Any = None) -> None:
    """Sets up structlog and routes the standard library's loggers (gunicorn's among them) through it."""
    out = stream or sys.stderr
    terminal = out.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it narrates its own set-up


def get(room: str) -> Any:
    """The logger of a room; its name is part of every line. Lazy, so that it may be made before `configure`."""
    return structlog.get_logger(f"bridge.{room}", room=room)
