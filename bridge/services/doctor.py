"""Is everything in place? One line per check: ok, or what to do. The checks are in checks.py."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import requests

from bridge.errors import BridgeError
from bridge.services import checks
from bridge.services.checks import NotWell
from bridge.services.reaching import looks
from bridge.settings import Settings, split_bind

# Seconds that a bridge may take to answer: a machine may stall.
_PATIENCE = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """The result of one check."""

    what: str
    ok: bool
    message: str


def examine(settings: Settings, *, reach: bool = False) -> Iterator[Line]:
    """All checks, whatever the result of earlier ones; with `reach` also whether others can be reached."""
    looks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("versions", checks.versions),
        ("mappings", checks.mappings),
        ("secrets", checks.secrets),
        ("files", checks.files),
        ("store", checks.store),
        ("stopped", checks.stopped),
        ("clock", checks.clocks),
        ("disk", checks.disk),
        ("running", running),
    )
    yield Line(what="settings", ok=True, message="all settings are readable")
    for what, look in looks:
        yield _line(what, lambda: look(settings))
    if reach:
        yield from _reach(settings)


def ask(settings: Settings) -> Iterator[Line]:
    """Only the running bridge, for health checks."""
    yield _line("running", lambda: running(settings))


def running(settings: Settings) -> str:
    """The status that the bridge at BRIDGE_BIND reports; degraded still counts as up. Raises NotWell."""
    answer = _ask(settings.bind)
    if answer.status_code != 200:
        raise NotWell(
            f"the bridge at {settings.bind} answers {answer.status_code}: {_reason(settings)}"
        )
    try:
        status = answer.json()["status"]
    except (ValueError, KeyError, TypeError):
        raise NotWell(
            f"another program answers at {settings.bind}: set BRIDGE_BIND to a free port"
        ) from None
    why = f": see http://{settings.admin_bind}/readyz"
    hint = why if status == "degraded" else ""
    return f"the bridge at {settings.bind} is up, status {status}{hint}"


def _reason(settings: Settings) -> str:
    """Why it is not ready; only the admin bind says so."""
    with suppress(NotWell, ValueError, KeyError, TypeError):
        return str(_ask(settings.admin_bind).json()["reason"])
    return "see its log"


def _ask(bind: str) -> requests.Response:
    host, port = split_bind(bind)
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    reachable = f"[{reachable}]" if ":" in reachable else reachable
    try:
        with requests.Session() as session:
            session.trust_env = False
            address = f"http://{reachable}:{port}/readyz"
            return session.get(address, timeout=_PATIENCE)
    except requests.ReadTimeout:
        raise NotWell(
            f"the bridge at {bind} did not answer within {_PATIENCE:g} s: see its log"
        ) from None
    except requests.RequestException:
        raise NotWell(
            f"nothing answers at {bind}: start it with `bridge serve`"
        ) from None


def _line(what: str, look: Callable[[], str]) -> Line:
    try:
        return Line(what=what, ok=True, message=look())
    except BridgeError as error:
        return Line(what=what, ok=False, message=str(error))
    except OSError as error:
        message = f"cannot read {error.filename or 'a file'}: {error.strerror}"
        return Line(what=what, ok=False, message=message)


def _reach(settings: Settings) -> Iterator[Line]:
    """Whether the bridge can reach every vendor, and every sender that it asks."""
    try:
        rules = checks.ruleset(settings)
    except BridgeError as error:
        yield Line(what="reach", ok=False, message=str(error))
        return
    for look in looks(settings, rules):
        yield _line("reach", look)
