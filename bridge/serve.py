"""`bridge serve`: receivers and a worker under one parent that restarts what dies and drains what is told to stop.

The parent starts processes and waits; it opens no socket and no store of its own once they run. Children get SIGTERM
when the parent disappears, so nothing is left behind by a kill -9 of the parent alone.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bridge import log

GRACE = 30.0  # seconds from SIGTERM until what still runs is killed
BACKOFF = (
    0.1,
    1.0,
    2.0,
    5.0,
)  # seconds before a child is started again, longer while it keeps dying
_SETTLED = 30.0  # seconds: a child that ran so long starts at the first delay again
GIVE_UP = 6  # deaths in a row, each soon after its start: a port in use, say
_PR_SET_PDEATHSIG = 1

_log = log.get("serve")


@dataclass
class Child:
    """A process that should run: its command, and how its last runs went."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = field(default_factory=time.monotonic)


def children(*, worker: bool) -> list[Child]:
    """Gunicorn with the receivers and, unless told otherwise, a worker."""
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:bridge.receive.server",
    ]
    found = [Child(name="receivers", command=[*gunicorn, "bridge.app:create_app()"])]
    if worker:
        found.append(
            Child(name="worker", command=[sys.executable, "-m", "bridge", "worker"])
        )
    return found


def run(wanted: Sequence[Child]) -> int:
    """Runs until SIGTERM or SIGINT, then drains. The exit code: 0, or 1 when something had to be killed."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stopping.append(received))
    folder = tempfile.mkdtemp(prefix="bridge-metrics-")
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": folder}
    try:
        while not stopping:
            for child in wanted:
                _keep_alive(child, environ)
                if child.deaths >= GIVE_UP:
                    _log.error("giving up: it does not stay up", process=child.name)
                    _drain(wanted)
                    return 1
            time.sleep(0.1)
        return 0 if _drain(wanted) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep_alive(child: Child, environ: dict[str, str]) -> None:
    now = time.monotonic()
    if child.process is not None:
        code = child.process.poll()
        if code is None:
            return
        child.deaths = 0 if now - child.started > _SETTLED else child.deaths + 1
        wait = BACKOFF[min(child.deaths, len(BACKOFF) - 1)]
        child.process, child.start_at = None, now + wait
        _log.error("process died", process=child.name, code=code, restart_in=wait)
    if now >= child.start_at:
        child.process = subprocess.Popen(
            child.command,
            env=environ,
            preexec_fn=follow_parent(),
        )
        child.started = now
        _log.info("process started", process=child.name, pid=child.process.pid)


def _drain(wanted: Sequence[Child]) -> bool:
    """Tells every child to finish what it has; whether all did within GRACE."""
    running = [child.process for child in wanted if child.process is not None]
    for process in running:
        process.terminate()
    until = time.monotonic() + GRACE
    for process in running:
        try:
            process.wait(timeout=max(until - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            _log.error("process killed: it did not finish in time", pid=process.pid)
            process.kill()
            process.wait()
    # A child that had not installed its handler yet dies of the signal itself: it had nothing to drain.
    return all(process.returncode in (0, -signal.SIGTERM) for process in running)


def follow_parent() -> Callable[[], None] | None:
    """A function for the child that asks Linux for SIGTERM at the parent's death; other systems have none."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
