"""Starts real processes of the bridge within milliseconds: imports everything once, then forks one for each order.

Run as a program by fleet.py; reads one JSON order a line and answers each with one line. A forked process gets its own
session, environment and log, and then runs the command that an operator runs: `bridge worker`, or gunicorn with the
receivers. What a test breaks on purpose is put in place there, so that nothing of it is in the bridge itself.
"""

from gevent import monkey

monkey.patch_all()  # as `bridge worker` does, before anything else is imported

import ctypes  # noqa: E402
import functools  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
from datetime import timedelta  # noqa: E402

from points import POINTS  # noqa: E402

fork, waitpid = monkey.get_original("os", ["fork", "waitpid"])

COMMANDS = {
    "worker": ["bridge", "worker"],
    "receivers": [
        "gunicorn",
        "--config",
        "python:bridge.receive.server",
        "bridge.app:create_app()",
    ],
}


def die(point, passes):
    """kill -9 of this process and its children, at the n-th time it comes to the point."""
    _at(point, passes, lambda: os.killpg(os.getpgrp(), signal.SIGKILL))


def freeze(point, passes):
    """This process stands still, as a host does that is suspended, until it gets SIGCONT."""
    _at(point, passes, lambda: os.kill(os.getpid(), signal.SIGSTOP))


def deadly(module, path, mark):
    """kill -9 of this process where a function is called with something that holds the mark, each time."""
    holder, name = _place(module, path)
    function = getattr(holder, name)

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        if mark in repr(args):
            os.killpg(os.getpgrp(), signal.SIGKILL)
        return function(*args, **kwargs)

    setattr(holder, name, wrapped)


def time_at(point, file):
    """Appends to a file how many seconds each passing of a point took."""
    module, path, *_ = POINTS[point]
    holder, name = _place(module, path)
    function = getattr(holder, name)

    @functools.wraps(function)
    def timed(*args, **kwargs):
        began = time.perf_counter()
        value = function(*args, **kwargs)
        with open(file, "a") as out:
            out.write(f"{time.perf_counter() - began}\n")
        return value

    setattr(holder, name, timed)


def _at(point, passes, what):
    module, path, *when = POINTS[point]
    holder, name = _place(module, path)
    function, left = getattr(holder, name), [passes]

    def count():
        left[0] -= 1
        if left[0] == 0:
            what()

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        if when:
            count()
        value = function(*args, **kwargs)
        if not when:
            count()
        return value

    setattr(holder, name, wrapped)


def lease(seconds):
    """A lease of so many seconds, renewed accordingly: take-overs come sooner than in production."""
    put("bridge.worker.keeping", "LEASE", timedelta(seconds=seconds))
    put("bridge.worker.loop", "LEASE", timedelta(seconds=seconds))
    put("bridge.worker.loop", "RENEW", seconds / 3)


def rest(seconds, longest=300):
    """An open breaker lets its first probe through after so many seconds, later ones after `longest` at most."""
    put("bridge.breaker", "REST", timedelta(seconds=seconds))
    put("bridge.breaker", "LONGEST", timedelta(seconds=longest))


def jump(seconds):
    """The host's clock jumps by so many seconds at SIGUSR1."""
    from datetime import UTC, datetime

    import time_machine

    def on_signal(*_):
        moved = datetime.now(UTC) + timedelta(seconds=seconds)
        time_machine.travel(moved, tick=True).start()

    signal.signal(signal.SIGUSR1, on_signal)


def put(module, path, value):
    """Another value in the place of a constant or a class's method, to show that a test fails without it."""
    holder, name = _place(module, path)
    assert hasattr(holder, name), f"{module} has no {path}"
    setattr(holder, name, value)


def disk(folder):
    """The database's disk fails as files in this folder say: see faulty_disk.py."""
    import faulty_disk

    faulty_disk.install(folder)


FAULTS = {
    "die": die,
    "freeze": freeze,
    "deadly": deadly,
    "time": time_at,
    "lease": lease,
    "rest": rest,
    "jump": jump,
    "put": put,
    "disk": disk,
}


def _place(module, path):
    *holders, name = path.split(".")
    return functools.reduce(getattr, holders, importlib.import_module(module)), name


def start(order):
    """Forks a process that runs the order's command; its id."""
    pid = fork()
    if pid:
        return {"pid": pid}
    code = 1
    try:
        code = _child(**order) or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _child(command, environ, log, faults):
    os.setsid()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # nothing outlives the test
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(environ)
    for name, arguments in faults:
        FAULTS[name](*arguments)
    sys.argv = COMMANDS.get(command, [command])
    if command == "receivers":
        from gunicorn.app.wsgiapp import run

        return run()
    if command == "recording":
        import recording

        return recording.record(environ["TEST_LOG"], int(environ["TEST_EVENTS"]))
    from bridge.cli import main

    return main()


def poll(order):
    """The exit code of a process, None while it runs; a signal's number is negative."""
    pid, status = waitpid(order["pid"], os.WNOHANG)
    return {"code": os.waitstatus_to_exitcode(status) if pid else None}


def serve():
    """Answers orders until there are no more."""
    import gunicorn.app.wsgiapp  # noqa: F401
    import time_machine  # noqa: F401

    import bridge.app  # noqa: F401
    import bridge.cli.worker  # noqa: F401

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        what = order.pop("what")
        print(json.dumps({"start": start, "poll": poll}[what](order)), flush=True)


if __name__ == "__main__":
    serve()
