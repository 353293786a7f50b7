"""`bridge serve`: receivers and a worker under one parent, which restarts crashed processes and drains on SIGTERM.

The parent starts processes and waits; once they run, it has no open socket or store. Children get SIGTERM when the
parent disappears, so a kill -9 of the parent leaves nothing behind.
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

from bridge import log, processes

# Seconds from SIGTERM until a process that still runs is killed.
GRACE = 30.0
# Seconds between looks at the children, and for a signal.
LOOK = 0.25
# Seconds before a child is restarted; longer while it keeps crashing.
PAUSES = (0.1, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
# A child that ran for so many seconds starts again at the first pause.
SETTLED = 60.0
# Crashes of the receivers in a row, each soon after a start, before the bridge ends.
GIVE_UP = 6
_PR_SET_PDEATHSIG = 1

_log = log.get("serve")


@dataclass
class Child:
    """A process that should run: its command, and its recent crashes."""

    name: str
    command: Sequence[str]
    # Nothing is received without it.
    vital: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = field(default_factory=time.monotonic)

    @property
    def hopeless(self) -> bool:
        """Whether the bridge ends because of it. Without a worker it goes on, because events can still be stored."""
        return self.vital and self.deaths >= GIVE_UP


def children(*, worker: bool) -> list[Child]:
    """Gunicorn with the receivers, and a worker if asked for."""
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:bridge.receive.server",
    ]
    app = "bridge.app:create_app()"
    found = [Child(name="receivers", command=[*gunicorn, app], vital=True)]
    if worker:
        found.append(
            Child(name="worker", command=[sys.executable, "-m", "bridge", "worker"])
        )
    return found


def run(wanted: Sequence[Child]) -> int:
    """Runs until SIGTERM or SIGINT, then drains. Returns the exit code: 0, or 1 if something had to be killed.

    A worker that keeps crashing is restarted forever, after longer and longer pauses; events are accepted meanwhile.
    """
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stopping.append(received))
    folder = tempfile.mkdtemp(prefix="bridge-metrics-")
    environ = {**os.environ, processes.FOLDER: folder}
    told: list[str] = []
    try:
        while not stopping:
            for child in wanted:
                _keep_alive(child, environ)
                if child.hopeless:
                    _log.error("giving up: it does not stay up", process=child.name)
                    _drain(wanted)
                    return 1
            if (dying := _dying(wanted)) != told:
                processes.tell(folder, told := dying)
            time.sleep(LOOK)
        return 0 if _drain(wanted) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep_alive(child: Child, environ: dict[str, str]) -> None:
    now = time.monotonic()
    if child.process is not None:
        code = child.process.poll()
        if now - child.started > SETTLED:
            child.deaths = 0
        if code is None:
            return
        child.deaths += 1
        wait = PAUSES[min(child.deaths, len(PAUSES)) - 1]
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


def _dying(wanted: Sequence[Child]) -> list[str]:
    return [
        f"the {child.name} crashed {child.deaths} times in a row: see the log for the times and exit codes"
        for child in wanted
        if child.deaths
    ]


def _drain(wanted: Sequence[Child]) -> bool:
    """Tells every child to finish its work; returns whether all did within GRACE."""
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
    # A child without its signal handler yet is killed by the signal: it had nothing to drain.
    return all(process.returncode in (0, -signal.SIGTERM) for process in running)


def follow_parent() -> Callable[[], None] | None:
    """A function for the child that asks Linux for SIGTERM when the parent dies; None on other systems."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
