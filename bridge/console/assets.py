"""The console's own files: served under a name that changes with their content, so that browsers keep them for ever."""

import hashlib
from functools import cache
from importlib.resources import files

from flask import Flask, Response, abort, request

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
}
_FOREVER = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Serves /static/HASH/NAME, and gives templates `asset(name)`."""
    app.add_url_rule("/static/<digest>/<path:name>", "static", _serve)
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """The address of a file of static/."""
    return f"{request.script_root}/static/{_digest(name)}/{name}"


def _serve(digest: str, name: str) -> Response:
    """A file that is there, under the hash that it has now."""
    if name not in _names() or digest != _digest(name):
        abort(404)
    content_type = _TYPES[name.rpartition(".")[2]]
    answer = Response(_content(name), content_type=content_type)
    answer.headers["Cache-Control"] = _FOREVER
    return answer


@cache
def _names() -> frozenset[str]:
    """What may be served: asked for by name, so that no path leads elsewhere."""
    top = files("bridge.console") / "static"
    own = {one.name for one in top.iterdir()}
    vendored = {f"vendor/{one.name}" for one in (top / "vendor").iterdir()}
    return frozenset(
        name for name in own | vendored if name.rpartition(".")[2] in _TYPES
    )


@cache
def _content(name: str) -> bytes:
    return (files("bridge.console") / "static").joinpath(*name.split("/")).read_bytes()


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:12]
