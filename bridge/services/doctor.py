"""Is everything in place? One line per thing: ok, or what to do."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from bridge import mapping
from bridge.errors import BridgeError
from bridge.settings import Settings, split_bind
from bridge.store import Database, views

LOW_DISK = 256 * 1024 * 1024  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One thing that was looked at."""

    what: str
    ok: bool
    message: str


def examine(settings: Settings) -> Iterator[Line]:
    """Mappings, secrets, store, disk, and the running bridge, each whatever became of the ones before."""
    checks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("mappings", _mappings),
        ("secrets", _secrets),
        ("store", _store),
        ("disk", _disk),
        ("running", running),
    )
    for what, check in checks:
        try:
            yield Line(what=what, ok=True, message=check(settings))
        except BridgeError as error:
            yield Line(what=what, ok=False, message=str(error))


def running(settings: Settings) -> str:
    """What the bridge at BRIDGE_BIND says of itself; degraded is still up. Raises NotWell."""
    host, port = split_bind(settings.bind)
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"http://{reachable}:{port}/readyz", timeout=3)
    except requests.RequestException:
        raise NotWell(
            f"nothing answers at {settings.bind}: start it with `bridge serve`"
        ) from None
    if answer.status_code != 200:
        raise NotWell(
            f"the bridge at {settings.bind} answers {answer.status_code}: see its log"
        )
    return f"the bridge at {settings.bind} is up, status {answer.json().get('status')}"


class NotWell(BridgeError):
    """Something a person should put right."""

    reason = "not_well"


def _mappings(settings: Settings) -> str:
    loaded = mapping.load(settings.mappings)
    if loaded.ruleset is None:
        raise NotWell(f"{settings.mappings} has errors: `bridge check` shows them")
    count = len(loaded.ruleset.rules)
    return f"{count} rules in {settings.mappings}, ruleset {loaded.ruleset.hash[:12]}"


def _secrets(settings: Settings) -> str:
    loaded = mapping.load(settings.mappings)
    missing = mapping.missing_secrets(loaded.ruleset) if loaded.ruleset else ()
    if missing:
        raise NotWell(
            f"{len(missing)} missing: {'; '.join(item.message for item in missing)}"
        )
    return "every reference has a value"


def _store(settings: Settings) -> str:
    database = Database(settings.database_url)
    try:
        with database.read() as connection:
            unrouted = views.count_unrouted(connection)
            dead = sum(
                count
                for (_, state), count in views.count_deliveries(connection).items()
                if state == "dead"
            )
    finally:
        database.close()
    return f"{database.dialect}, {unrouted} events to route, {dead} dead letters"


def _disk(settings: Settings) -> str:
    free = shutil.disk_usage(Path.cwd()).free
    if free < LOW_DISK:
        raise NotWell(f"only {free // 2**20} MiB free: make room")
    return f"{free // 2**20} MiB free"
