"""The process that runs a backtest for backtest_runs.py: reads what to do, and writes progress and the result.

It has the lowest priority, reads the store and never writes to it, and ends by itself: after its time, or when nobody
reads what it says.
"""

import os
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge import mapping
from bridge.services import backtest_report, filters
from bridge.services.backtest import Backtest
from bridge.services.backtest_runs import SECONDS
from bridge.services.veiling import veiled
from bridge.store import Database
from bridge.strict import json


def main() -> None:
    """Runs what stands on stdin."""
    os.nice(19)
    order = json.loads(sys.stdin.buffer.readline())
    assert isinstance(order, dict)
    database = Database(str(order["database"]))
    try:
        _say({"result": _result(database, order)})
    finally:
        database.close()


def _result(database: Database, order: Mapping[str, Any]) -> object:
    draft = mapping.build(order["texts"], order["visible"]).usable()
    current = order["against"] == "current"
    active = mapping.build(order["active"], order["visible"]) if current else None
    now = datetime.fromisoformat(order["now"])
    test = Backtest(
        database,
        draft,
        filters.parse(order["words"], "events", now),
        current=active.usable() if active else None,
        sample=order["sample"],
        environment=order["environment"],
        max_rendered=order["max_rendered"],
    )
    end = time.monotonic() + SECONDS
    for report in test.run():
        _say({"done": report.looked_at})
        if time.monotonic() > end:
            break
    places = {rule.id: str(rule.place) for rule in draft.rules}
    # Its examples hold values of stored events, and whoever may read sees them.
    return veiled(backtest_report.result(test.report, places))


def _say(value: Mapping[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(value) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
