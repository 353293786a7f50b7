"""docs/keeping.md: how long things are kept, in the words of the code."""

import re
from pathlib import Path

from bridge.settings import DEDUPE, Settings
from bridge.store import rejections
from bridge.store.keeping import retention

PAGE = (Path(__file__).parents[2] / "docs" / "keeping.md").read_text("utf-8")


def test_ages_of_the_table_are_those_of_the_code():
    """A default that changes changes on the page too."""
    rows = re.findall(r"^\| [^|]+\| (\d+) days \| `BRIDGE_(\w+)` \|$", PAGE, re.M)
    settings = {name.lower(): int(days) for days, name in rows}
    assert settings == {
        name: getattr(Settings(), name).days
        for name in ("keep_payloads", "keep_events", "keep_ledger")
    }
    fixed = {
        "idempotency keys": retention.KEYS.days,
        "refused requests": rejections.KEPT_FOR.days,
    }
    for what, days in fixed.items():
        assert re.search(rf"^\| {what}[^|]*\| {days} days\b", PAGE, re.M), what
    assert f"at least {DEDUPE.days} days" in PAGE
    assert f"{rejections.KEPT:,} a source" in PAGE
