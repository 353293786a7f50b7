"""A disk that is full, cannot be written or cannot sync: 503 while it lasts, nothing lost, well again soon (R-03)."""

import time

import pytest
from faulty_disk import FAULTS
from history import judge
from running import eventually
from scenarios import LEASE, works
from traffic import Traffic, history, settled


@pytest.mark.slow
def test_a_failing_disk_is_answered_503(on_sqlite, sandbox, tmp_path):
    """While the disk fails nothing is accepted; afterwards the same processes accept again, and nothing was lost.

    Fails when bridge/store/database/writer.py counts the jobs of a failed transaction as done.
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    on_sqlite.receivers(("disk", str(disk)))
    on_sqlite.worker(LEASE, ("disk", str(disk)))
    traffic = Traffic(on_sqlite.bridge.url)
    with traffic:
        for fault in FAULTS:
            assert works(traffic, sandbox), on_sqlite.tail()
            fail(disk / fault, traffic)
            assert works(traffic, sandbox), (fault, on_sqlite.tail())
    traffic.resend()
    assert settled(on_sqlite.bridge), on_sqlite.tail()
    assert judge(history(traffic, sandbox, on_sqlite.bridge)) == []


def fail(switch, traffic):
    """The disk fails until five requests were refused; none of them may have been accepted."""
    switch.touch()
    began = time.monotonic()
    assert eventually(lambda: len(since(traffic, began)) >= 5)
    statuses = {item.status for item in since(traffic, began)}
    switch.unlink()
    assert statuses == {503}


def since(traffic, moment):
    return [item for item in traffic.sent if item.sent > moment]
