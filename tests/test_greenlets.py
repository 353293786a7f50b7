"""What takes long does not stop the event loop."""

import subprocess
import sys

import pytest

from bridge.greenlets import off_the_loop

SCRIPT = """
from gevent import monkey
monkey.patch_all()
import gevent
from bridge.greenlets import off_the_loop
sleep = monkey.get_original("time", "sleep")
ticks = []
def tick():
    while True:
        ticks.append(1)
        gevent.sleep(0.01)
gevent.spawn(tick)
def slow():
    for _ in range(600):  # as long as a minute, where nothing else goes on
        if len(ticks) > 5:
            return "done"
        sleep(0.1)
print(off_the_loop(slow))
"""


def test_other_greenlets_go_on():
    """A read that blocks its thread blocks nobody else."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert run.stdout == "done\n"


def test_without_gevent_it_is_a_call():
    """Commands and tests have no loop; errors come through."""
    assert off_the_loop(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        off_the_loop(lambda: 1 / 0)
