"""Puts the parts together: the web applications and the worker, from settings.

Gunicorn runs `create_app`. One process serves two binds: hooks for the world, and console, API and metrics for people
on the admin bind. The local port tells them apart, because no header can forge it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, multiprocess
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from bridge import api, console, processes
from bridge import settings as environment
from bridge.admin.guard import Guard
from bridge.greenlets import off_the_loop
from bridge.outbound import Outbound, Vault
from bridge.receive.front import Front
from bridge.services import bulk_work, forgetting, health
from bridge.services.follow import follow
from bridge.services.gauges import gauges
from bridge.services.parts import Parts
from bridge.services.rulesets import Rules
from bridge.settings import Settings, split_bind
from bridge.store import Database, ensure_shape, require_there
from bridge.strict import json
from bridge.worker import Worker

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def open_parts(settings: Settings) -> Parts:
    """Opens the store and chooses the ruleset. Raises ConfigurationError and StoreUnavailable."""
    # `bridge serve` created the store before it started this process: if it is gone since, do not create another.
    if processes.supervised():
        require_there(settings.database_url)
    database = Database(settings.database_url)
    ensure_shape(database)
    return Parts(
        settings=settings,
        database=database,
        rules=Rules(database, settings.mappings, pinned=settings.ruleset == "pinned"),
    )


def create_app(settings: Settings | None = None) -> Wsgi:
    """The WSGI application: both binds."""
    parts = open_parts(settings or environment.load())
    follow(parts.rules)
    return by_port(parts.settings, hooks_app(parts), admin_app(parts))


def by_port(settings: Settings, hooks: Flask, admin: Flask) -> Wsgi:
    """The hooks application, except for requests that came in at the admin bind's port."""
    hooks_port, admin_port = (
        str(split_bind(bind)[1]) for bind in (settings.bind, settings.admin_bind)
    )

    def dispatch(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        port = environ.get("SERVER_PORT")
        chosen = admin if port == admin_port and port != hooks_port else hooks
        return chosen.wsgi_app(environ, start)

    return dispatch


def hooks_app(parts: Parts) -> Flask:
    """POST /hooks/<source> and the health checks, which tell the world only the status."""
    app = _app(health.Glance(lambda: _ready(parts)))
    front = Front(
        database=parts.database, ruleset=parts.rules.current, settings=parts.settings
    )
    app.wsgi_app = front.mounted(app.wsgi_app)  # type: ignore[method-assign,assignment]
    return app


def admin_app(parts: Parts) -> Flask:
    """Console, API, metrics and the health checks."""
    app = _app(lambda: _ready(parts))

    @app.get("/")
    def begin() -> Response:
        return Response(status=303, headers={"Location": "/console/"})

    @app.get("/metrics")
    def metrics() -> Response:
        database, active = parts.database, parts.rules.active
        text = _counters() + off_the_loop(lambda: gauges(database, active))
        return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")

    faces: dict[str, Wsgi] = {
        "/console": console.create(parts),
        "/api/v1": api.create(parts),
    }
    mounted = DispatcherMiddleware(app.wsgi_app, faces)
    app.wsgi_app = Guard(mounted, parts.settings)  # type: ignore[method-assign,assignment]
    return app


def create_worker(settings: Settings, *, admin: bool = False) -> Worker:
    """A worker that runs until stopped; with `admin` its process serves metrics and health on the admin bind."""
    parts = open_parts(settings)
    if admin:
        _serve(admin_app(parts), settings.admin_bind)
    follow(parts.rules)
    forgetting.start(parts.database, settings)
    bulk_work.start(parts)
    vault = Vault(parts.database, settings.secret_key)
    outbound = Outbound.of(settings, vault)
    return Worker(
        parts.database,
        parts.rules.current,
        outbound,
        environment=settings.environment,
        max_rendered=settings.max_rendered,
    )


def _serve(app: Flask, bind: str) -> None:
    """Serves in greenlets of this process. Raises OSError if the address is in use."""
    from gevent.pywsgi import WSGIServer

    WSGIServer(split_bind(bind), app, log=None, error_log=None).start()


def _ready(parts: Parts) -> health.Report:
    return health.ready(parts.database, parts.rules.active, parts.settings.min_free)


def _app(ready: Callable[[], health.Report]) -> Flask:
    app = Flask("bridge", static_folder=None)

    @app.get("/healthz")
    def healthz() -> Response:
        return _json(200, {"status": "ok"})

    @app.get("/readyz")
    def readyz() -> Response:
        return _json(*ready())

    return app


def _json(status: int, value: dict[str, Any]) -> Response:
    return Response(json.dumps(value), status=status, content_type="application/json")


def _counters() -> bytes:
    """This process's counters, or those of all processes if `bridge serve` gave them a shared folder."""
    if not processes.supervised():
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
