"""R-03: a file system that is really full. Needs the right to mount one; says so where it has not."""

import os
import subprocess
import time

import pytest
from fleet import fleet
from history import judge
from running import eventually
from scenarios import LEASE, works
from traffic import MAPPING, Traffic, history, settled

from bridge.store import migrate

SIZE = 320  # MiB: above the low-water mark of 256, so that there is something to fill


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of SIZE."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(nursery, sandbox, small_disk):
    """Filled to the last byte: 503, nothing accepted; emptied: the same processes are at work again, nothing lost."""
    with fleet(nursery, small_disk, sandbox, MAPPING) as running:
        database = running.bridge.database()
        migrate(database)
        database.close()
        running.receivers()
        running.worker(LEASE)
        traffic = Traffic(running.bridge.url)
        with traffic:
            assert works(traffic, sandbox)
            filler = small_disk / "filler"
            fill(filler)
            full = time.monotonic()
            assert eventually(lambda: refused(traffic, full) >= 20)
            time.sleep(3)
            filler.unlink()
            assert works(traffic, sandbox), running.tail()
        traffic.resend()
        assert settled(running.bridge, 120), running.tail()
        assert {item.status for item in traffic.sent} <= {200, 202, 503}
        assert judge(history(traffic, sandbox, running.bridge)) == []


def fill(path):
    """Writes until there is no room, again and again for two seconds: what is freed is taken too."""
    until = time.monotonic() + 2
    with open(path, "ab", buffering=0) as filler:
        while time.monotonic() < until:
            try:
                filler.write(
                    os.urandom(4096) if until - time.monotonic() < 1 else bytes(2**20)
                )
            except OSError:
                time.sleep(0.01)


def refused(traffic, moment):
    return sum(item.sent > moment and item.status == 503 for item in traffic.sent)
