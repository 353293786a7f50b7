"""A worker that is killed while it does a bulk act: whoever continues does each item exactly once."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from dying import LOOKER, RULESET, TICKETS, dead, route
from sqlalchemy import func, select, update
from working import paid

from bridge.services import bulk, bulk_work, rulesets
from bridge.services.bulk import Asked
from bridge.store import Database, migrate
from bridge.store.audit import By
from bridge.store.tables import bulk_acts, deliveries

ITEMS = 30
KILLS = 2
SUPPORT = Path(__file__).parents[1] / "support"
# Does items one after another, and says so, until it is killed.
WORKER = """
import sys, time
sys.path.insert(0, sys.argv[2])
from dying import LOOKER
from bridge.services import bulk_work
from bridge.store import Database
database = Database(sys.argv[1])
print("ready", flush=True)
while True:
    bulk_work.work_once(database, LOOKER, lambda seconds: None)
"""


def test_killed_workers_do_each_item_once(tmp_path):
    """Workers are killed at any moment, several times; in the end each delivery was replayed exactly once."""
    url = f"sqlite:///{tmp_path}/bridge.db"
    database = Database(url)
    migrate(database)
    rulesets.activate(database, RULESET)
    route(
        database,
        RULESET,
        *(paid(f"e{n}", ticket=TICKETS[n % 10]) for n in range(ITEMS)),
    )
    for id in range(1, ITEMS + 1):
        dead(database, id)
    asked = Asked(act="replay", words="state:dead", newest=False)
    by, now = By(person="ana"), datetime.now(UTC)
    id = bulk.plan(database, asked, LOOKER, by, now)
    bulk.start(database, id, by, now, 1_000.0)
    done = 0
    for _ in range(KILLS):
        done = _kill_one(database, url, id, done)
        _end_lease(database, id)
    assert 0 < done < ITEMS
    while bulk_work.work_once(database, LOOKER, lambda seconds: None):
        pass
    assert bulk.shown(database, id).counts == {"done": ITEMS}
    of = deliveries.c.replay_of
    with database.read() as tx:
        query = select(of, func.count()).where(of.is_not(None)).group_by(of)
        replayed = {id: count for id, count in tx.execute(query)}
    assert replayed == dict.fromkeys(range(1, ITEMS + 1), 1)
    database.close()


def _kill_one(database, url, id, before):
    """Lets a worker do something, and kills it; how many items are done by then."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, url, str(SUPPORT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    until = time.monotonic() + 300
    while bulk.shown(database, id).counts.get("done", 0) <= before + 2:
        assert time.monotonic() < until, "the worker did nothing"
        time.sleep(0.001)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    return bulk.shown(database, id).counts.get("done", 0)


def _end_lease(database, id):
    """The time of the killed worker's lease passes."""
    mine = update(bulk_acts).where(bulk_acts.c.id == id)
    database.write(lambda tx: tx.execute(mine.values(owner=None, lease_until=None)))
