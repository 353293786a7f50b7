"""Power cuts: what was answered 2xx or recorded as delivered is on the disk, whatever of the rest is (R-02)."""

import pytest
from fleet import fleet
from powercut import Sync, Told, broken_promises
from scenarios import record
from traffic import MAPPING

from bridge.sandbox.server import SandboxServer

EVENTS = 120
CUTS = 40


@pytest.fixture(scope="module")
def recorded(nursery, tmp_path_factory):
    """(folder with the database as it was before, the log of a run after that)."""
    folder = tmp_path_factory.mktemp("power")
    with SandboxServer() as sandbox, fleet(nursery, folder, sandbox, MAPPING) as found:
        return folder, record(found, EVENTS)


@pytest.mark.slow
def test_a_power_cut_loses_nothing_promised(recorded):
    """At any moment, whatever was written since the last sync is lost, torn or reordered: every promise stands.

    Fails with `synchronous = NORMAL` in bridge/store/database/sqlite.py: half of the cuts lose acknowledged events.
    """
    folder, log = recorded
    told = [step for step in log if isinstance(step, Told)]
    assert len(told) == 2 * EVENTS
    assert any(isinstance(step, Sync) and step.path.endswith(".db") for step in log)
    found, judged = broken_promises(folder, log, CUTS, seed=2)
    assert found == [] and judged > CUTS


@pytest.mark.slow
def test_a_disk_that_lies_is_found_out(recorded):
    """The same cuts on a disk that ignores the log's syncs lose acknowledged events: the judge sees it."""
    folder, log = recorded
    found, _ = broken_promises(folder, log, CUTS, seed=2, ignored_syncs="-wal")
    assert len(found) > CUTS / 4
    assert any("was answered 2xx and is gone" in problem for problem in found)
