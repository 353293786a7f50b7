"""Is everything in place? One line per thing: ok, or what to do."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from bridge import mapping
from bridge.errors import BridgeError
from bridge.mapping import Ruleset
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
    answer = _ask(settings.bind)
    if answer.status_code != 200:
        raise NotWell(
            f"the bridge at {settings.bind} answers {answer.status_code}: see its log"
        )
    try:
        status = answer.json()["status"]
    except (ValueError, KeyError, TypeError):
        raise NotWell(
            f"what answers at {settings.bind} is no bridge: give it a free port in BRIDGE_BIND"
        ) from None
    hint = ": `bridge check` shows why" if status == "degraded" else ""
    return f"the bridge at {settings.bind} is up, status {status}{hint}"


def _ask(bind: str) -> requests.Response:
    host, port = split_bind(bind)
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    reachable = f"[{reachable}]" if ":" in reachable else reachable
    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://{reachable}:{port}/readyz", timeout=3)
    except requests.RequestException:
        raise NotWell(
            f"nothing answers at {bind}: start it with `bridge serve`"
        ) from None


class NotWell(BridgeError):
    """Something a person should put right."""

    reason = "not_well"


def _mappings(settings: Settings) -> str:
    ruleset = _ruleset(settings)
    count = len(ruleset.rules)
    return f"{count} rules in {settings.mappings}, ruleset {ruleset.hash[:12]}"


def _ruleset(settings: Settings) -> Ruleset:
    loaded = mapping.load(settings.mappings)
    if loaded.ruleset is None:
        raise NotWell(f"{settings.mappings} has errors: `bridge check` shows them")
    return loaded.ruleset


def _secrets(settings: Settings) -> str:
    missing = mapping.missing_secrets(_ruleset(settings))
    if missing:
        lines = [
            f"{item.message}  ({settings.mappings}/{item.place})" for item in missing
        ]
        raise NotWell("\n".join([f"{len(missing)} cannot be used", *lines]))
    return "every reference has a value"


def _store(settings: Settings) -> str:
    file = _sqlite_file(settings)
    if file and not file.exists():
        raise NotWell(
            f"{file} does not exist: `bridge serve` or `bridge migrate` makes it"
        )
    database = Database(settings.database_url)
    try:
        with database.read() as connection:
            unrouted = views.count_unrouted(connection)
            counts = views.count_deliveries(connection)
            parked = [row["name"] for row in views.parked(connection)]
    finally:
        database.close()
    if parked:
        raise NotWell(
            f"parked: {', '.join(parked)}: put the credential right, then `bridge resume NAME`"
        )
    held, dead = (
        sum(count for (_, at), count in counts.items() if at == state)
        for state in ("held", "dead")
    )
    return f"{database.dialect}, {unrouted} events to route, {held} held, {dead} dead letters"


def _disk(settings: Settings) -> str:
    """Of the disk that a SQLite store is on, or will be."""
    file = (_sqlite_file(settings) or Path("here")).absolute()
    folder = next(above for above in file.parents if above.is_dir())
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK:
        raise NotWell(f"only {free // 2**20} MiB free at {folder}: make room")
    return f"{free // 2**20} MiB free"


def _sqlite_file(settings: Settings) -> Path | None:
    """The store's file. Looked at before it is opened: opening would make it."""
    path = settings.database_url.partition("?")[0]
    file = path.removeprefix("sqlite:///")
    return Path(file) if file not in ("", path) else None
