"""The week before a demo: what its console has to show, and that the real parts made it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge import mapping
from bridge.demo.running import _secrets
from bridge.demo.week import DAYS, Week
from bridge.outbound import Outbound
from bridge.sandbox.server import SandboxServer
from bridge.services import causes
from bridge.state import State
from bridge.store import Database, migrate, pauses, views

FOLDER = Path(__file__).resolve().parent.parent / "mappings"
NOW = datetime(2026, 5, 7, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A store after its week, with the vendors that it wrote to."""
    ruleset = mapping.load(FOLDER).usable()
    with pytest.MonkeyPatch.context() as patch, SandboxServer() as sandbox:
        for name, value in _secrets(ruleset).items():
            patch.setenv(name, value)
        database = Database(f"sqlite:///{tmp_path_factory.mktemp('week')}/bridge.db")
        migrate(database)
        Week(
            database=database,
            folder=FOLDER,
            ruleset=ruleset,
            sandbox=sandbox,
            outbound=Outbound(sandbox_url=sandbox.url),
            now=NOW,
        ).live()
        yield database, sandbox
        database.close()


def test_every_source_sent_events_over_the_whole_week(world):
    """Each source has events, the first of them is days old, and none is of the future."""
    database, _ = world
    with database.read() as tx:
        rows = views.list_events(tx, limit=1_000)
    assert set(Counter(row["source"] for row in rows)) == {
        "hubspot",
        "razorpay",
        "stripe",
    }
    times = [row["received_at"] for row in rows]
    assert NOW - timedelta(days=DAYS) <= min(times) < NOW - timedelta(days=DAYS - 1)
    assert NOW - timedelta(days=1) < max(times) <= NOW


def test_one_source_is_silent(world):
    """One source stopped sending days ago, and no other did."""
    database, _ = world
    with database.read() as tx:
        rows = views.list_events(tx, limit=1_000)
    last = {row["source"]: row["received_at"] for row in reversed(rows)}
    silent = [name for name, at in last.items() if at < NOW - timedelta(days=2)]
    assert silent == ["razorpay"]


def test_there_is_something_to_put_right(world):
    """Dead letters have at least three causes, a delivery is held, a connection is parked and a ticket is paused."""
    database, _ = world
    with database.read() as tx:
        states = Counter(row["state"] for row in views.list_deliveries(tx, limit=1_000))
        parked, paused = views.parked(tx), list(pauses.listed(tx))
    assert len(causes.listed(database, State.DEAD, NOW).causes) >= 3
    assert states["held"] >= 1 and states["delivered"] > 50
    assert [row["state"] for row in parked] == ["parked"]
    assert [row["person"] for row in paused] == ["bruno"]


def test_the_rules_changed_in_the_middle(world):
    """Events of the week's first half were routed with another ruleset than those of its second half."""
    database, _ = world
    with database.read() as tx:
        rows = views.list_events(tx, limit=1_000)
    halves = (rows[-20:], rows[:20])
    first, second = ({row["ruleset"] for row in half} for half in halves)
    assert len(first) == len(second) == 1 and first != second


def test_the_vendors_have_the_updates(world):
    """What is recorded as delivered reached a pretend vendor, call by call."""
    database, sandbox = world
    with database.read() as tx:
        rows = views.list_deliveries(tx, limit=1_000)
    delivered = sum(row["state"] == "delivered" for row in rows)
    assert delivered <= sum(call.applied for call in sandbox.calls())
