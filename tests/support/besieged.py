"""A receiver with hostile clients at its port, and honest ones beside them."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from rawsockets import body
from running import post

PROGRAM = Path(__file__).with_name("hostile.py")


class Siege:
    """Hostile clients of one kind while it lasts."""

    def __init__(self, process):
        self.process = process

    def lift(self):
        """No new ones; waits until all that there are have been closed. What they saw."""
        self.process.stdin.close()
        return json.loads(self.process.stdout.read())


@contextmanager
def siege(running, kind, count, *more):
    """`count` of them at once; `more`: how many may come a second."""
    arguments = [str(running.port), kind, str(count), *map(str, more)]
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline()
        time.sleep(0.2)  # until they are at it
        yield Siege(process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def taken(running, name):
    """Posts a signed event over a connection of its own; (whether it was taken, seconds)."""
    sent = body(name)
    began = time.monotonic()
    ok = post(running.url, sent).status_code in (200, 202)
    return ok, time.monotonic() - began


def receiver(running):
    """The process that receives: gunicorn's only child."""
    return children(children(running.process.pid)[0])[0]


def children(pid):
    """Process ids."""
    return [
        int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ]


def processor(pid):
    """Seconds of processor time that it took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
