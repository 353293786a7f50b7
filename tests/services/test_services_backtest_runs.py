"""Backtests that a page starts: a process of its own, one at a time, and a result that stays."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from running import MAPPING
from working import Bench, paid

from bridge.services import backtest_runs, rulesets
from bridge.services.backtest_runs import Asked, NoSuchRun, NotNow
from bridge.services.drafts import BadDraft, Draft
from bridge.services.filters import BadFilter
from bridge.settings import Settings
from bridge.store import backtests

DRAFT = Draft(file="rules.yaml", text=MAPPING.replace("currency: ", "currency: USD #"))


def now():
    return datetime.now(UTC)


@pytest.fixture
def parts(database, sandbox):
    bench = Bench(database, sandbox)
    rulesets.activate(database, bench.ruleset)
    bench.receive(paid("evt_1"))
    bench.receive(paid("evt_2"))
    bench.work()
    rules = SimpleNamespace(current=lambda: bench.ruleset)
    return SimpleNamespace(
        database=database, rules=rules, settings=Settings(mappings=Path("mappings"))
    )


def start(parts, **asked):
    return backtest_runs.start(parts, Asked(**asked), "ana", now=now())


def test_a_run_gives_the_result_of_a_draft(parts):
    """In a process of its own; what was asked, by whom, the patch and the result stay, and the newest are kept."""
    id = start(parts, draft=DRAFT)
    row = backtest_runs.shown(parts.database, id, now=now())
    assert row["state"] == "finished", row["message"]
    assert row["result"]["updates"]["changed"] == 2 and row["result"]["complete"]
    assert row["person"] == "ana" and "+      currency: USD" in row["patch"]
    assert [one["id"] for one in backtest_runs.listed(parts.database, now=now())] == [
        id
    ]
    with pytest.raises(NoSuchRun):
        backtest_runs.shown(parts.database, id + 1, now=now())


def test_what_cannot_be_run_is_refused(parts):
    """A draft with errors, a bad filter, a side that there is not, and a second run beside the first."""
    with pytest.raises(BadDraft, match="errors"):
        start(parts, draft=Draft(file="rules.yaml", text="rules: []"))
    with pytest.raises(BadFilter):
        start(parts, words="nokey:1")
    with pytest.raises(BadDraft):
        start(parts, against="other")
    database = parts.database
    id = database.write(lambda tx: backtests.begin(tx, {}, "", "bo", 1, now()))
    with pytest.raises(NotNow):
        start(parts)
    backtest_runs.cancel(database, id, now=now())
    assert backtest_runs.shown(database, id, now=now())["state"] == "cancelled"
    assert not database.write(lambda tx: backtests.progress(tx, id, 1, now()))


def test_a_run_whose_bridge_stopped_is_over(parts):
    """Without a sign of life for a minute it has failed, and another may begin; old runs are forgotten."""
    database, old = parts.database, now() - timedelta(hours=2)
    id = database.write(lambda tx: backtests.begin(tx, {}, "", "bo", 1, old))
    assert backtest_runs.shown(database, id, now=now())["state"] == "failed"
    for number in range(backtests.KEPT + 2):
        at = old + timedelta(minutes=10) + timedelta(minutes=2 * number)
        database.write(lambda tx: backtests.begin(tx, {}, "", "bo", 1, at))
    rows = backtest_runs.listed(database, now=now())
    assert len(rows) == backtests.KEPT and id not in {one["id"] for one in rows}
