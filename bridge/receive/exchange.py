"""The requests of one connection, one after another: each is given to the WSGI application and answered in one write.

An answer is whole before any of it is sent: nothing here streams. What is no request is answered 4xx and ends its
connection; an application that fails is answered for with 500. Neither is logged with anything that was sent.

Gunicorn's parent loads this before gevent has patched anything: nothing here may load the application.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

from bridge import log
from bridge.receive.body import Input
from bridge.receive.connection import Connection
from bridge.receive.head import BadHead, read_head
from bridge.receive.sampled import Sampled

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# What an application has no say in.
_OURS = ("connection", "date", "keep-alive", "transfer-encoding")
_LENGTH = "content-length"
# All that may stand in a head: no control characters but the ends of lines, which are counted, and tabs.
_PLAIN = bytes((9, 10, 13, *range(32, 127), *range(128, 256)))

_log = log.get("receive")
_say_bad_head = Sampled(lambda event, **values: _log.warning(event, **values))


class Told(NamedTuple):
    """What the application answered."""

    status: str
    lines: bytes  # of its head
    content: bytes


def serve(
    connection: Connection, app: Wsgi, base: Environ, wanted: Callable[[], bool]
) -> None:
    """All of them. `base` is what they have in common; `wanted` tells after each whether another one may follow.

    Raises OSError where the client went away.
    """
    base = {**base, "bridge.connection": connection}
    try:
        while raw := connection.next_head():
            head = read_head(raw)
            body = Input(connection, head.length, asks=head.asks)
            told = _told(app, {**base, **head.environ, "wsgi.input": body})
            goes_on = connection.goes_on(
                told.status, wanted=wanted() and head.keeps, whole=body.whole
            )
            connection.send(_written(told, "keep-alive" if goes_on else "close"))
            if not goes_on:
                return
    except BadHead as error:
        _say_bad_head("invalid request", reason=str(error))
        connection.lingers = True
        refuse = _saying(error.status, {"status": "refused", "error": str(error)})
        connection.send(_written(_asked(refuse, {"REQUEST_METHOD": "GET"}), "close"))


def environment(address: Any, client: Any, scheme: str) -> Environ:
    """What all requests of a connection have in common: the two ends, as the operating system writes them."""
    (name, port), (remote, remote_port) = map(_end, (address, client))
    return {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "SCRIPT_NAME": "",
        "SERVER_NAME": name,
        "SERVER_PORT": port,
        "REMOTE_ADDR": remote,
        "REMOTE_PORT": remote_port,
    }


def _end(address: Any) -> tuple[str, str]:
    """Host and port; of a socket in the file system there is a path, or nothing."""
    if isinstance(address, tuple):
        return address[0], str(address[1])
    return os.fsdecode(address), ""


def _told(app: Wsgi, environ: Environ) -> Told:
    try:
        return _asked(app, environ)
    except Exception:
        _log.exception("error handling request")
        return _asked(
            _saying(500, {"status": "failed", "error": "see the log"}), environ
        )


def _saying(status: int, said: dict[str, str]) -> Wsgi:
    """An application that answers this."""

    def app(_: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        content = ("Content-Type", "application/json")
        start(f"{status} {HTTPStatus(status).phrase}", [content])
        return [json.dumps(said, separators=(",", ":")).encode()]

    return app


def _asked(app: Wsgi, environ: Environ) -> Told:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, fields: list[tuple[str, str]], _: Any = None) -> None:
        started.append((status, fields))

    result = app(environ, start)
    try:
        content = b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    status, fields = started[-1]
    bodiless = environ["REQUEST_METHOD"] == "HEAD" or status[:3] in ("204", "304")
    if not bodiless:
        fields = [(name, value) for name, value in fields if name.lower() != _LENGTH]
        fields.append(("Content-Length", str(len(content))))
    return Told(status, _lines(status, fields), b"" if bodiless else content)


def _lines(status: str, fields: list[tuple[str, str]]) -> bytes:
    """The head as far as it is the application's. Raises ValueError for what would be more lines than it said."""
    lines = [f"{name}: {value}" for name, value in fields if name.lower() not in _OURS]
    raw = "\r\n".join([f"HTTP/1.1 {status}", *lines, ""]).encode("latin-1")
    ends = len(lines) + 1
    if raw.translate(None, _PLAIN) or not raw.count(b"\r") == raw.count(b"\n") == ends:
        raise ValueError("a header of the answer contains a control character")
    return raw


def _written(told: Told, connection: str) -> bytes:
    last = f"Date: {_date(int(time.time()))}\r\nConnection: {connection}\r\n\r\n"
    return told.lines + last.encode() + told.content


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
