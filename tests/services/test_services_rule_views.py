"""The rules in force as people look at them, and the rulesets that were active."""

from datetime import UTC, datetime, timedelta

import pytest
from running import MAPPING
from working import Bench, failed, paid

from bridge import mapping
from bridge.model import Said
from bridge.services import rule_views, ruleset_versions, rulesets
from bridge.services.rule_views import UnknownRule
from bridge.services.ruleset_versions import UnknownRuleset

NEVER = """\
  - id: nobody-asks
    description: For events that never come.
    events: [customer.created]
    target: vambe.update_amount
    auth: { api_key: { env: VAMBE_API_KEY } }
    fields: { ticket_id: a1b2c3d4-e5f6-7890-abcd-ef1234567890, amount: 7 }

tests: []
"""


def now():
    return datetime.now(UTC)


def lived(database, sandbox, text=MAPPING):
    bench = Bench(database, sandbox, text)
    rulesets.activate(database, bench.ruleset)
    for event in (paid("evt_1"), paid("evt_2", ticket="no uuid"), failed("evt_3")):
        bench.receive(event)
    bench.work()
    return bench


def views(bench):
    found = rule_views.listed(bench.database, bench.ruleset, now=now())
    return found, {one.id: one for one in found.rules}


def test_a_list_says_where_each_rule_stands_and_what_it_said(database, sandbox):
    """File and line, target, hits and errors of the events that were counted; a rule without any says never."""
    bench = lived(database, sandbox, MAPPING + NEVER.replace("\ntests: []\n", ""))
    found, rules = views(bench)
    assert found.counted == 3 and found.whole and "3 events" in found.note
    one = rules["paid-sets-amount"]
    assert one.place == "rules.yaml:5" and one.target == "vambe.update_amount"
    assert (one.said[Said.MATCHED], one.said[Said.ERROR]) == (1, 1)
    assert not one.never and one.last_hit is not None
    assert rules["failed-adds-comment"].said[Said.NO_MATCH] == 2
    assert rules["nobody-asks"].never


def test_counts_say_when_they_are_not_of_all_events(sqlite, sandbox, monkeypatch):
    """Of more events than are looked at, the newest count; an older hit is found by its delivery."""
    monkeypatch.setattr(rule_views, "COUNTED", 1)
    found, rules = views(lived(sqlite, sandbox))
    assert not found.whole and "newest 1 events" in found.note
    assert rules["paid-sets-amount"].said[Said.MATCHED] == 0
    assert not rules["paid-sets-amount"].never
    later = now() + timedelta(days=8)
    bench = Bench(sqlite, sandbox)
    assert rule_views.listed(sqlite, bench.ruleset, now=later).counted == 0


def test_one_rule_has_its_text_and_its_tests(sqlite, sandbox):
    """From its dash to the next rule, with the number of the first line; an unknown name is refused in words."""
    bench = lived(sqlite, sandbox)
    found = rule_views.detail(sqlite, bench.ruleset, "paid-sets-amount", now=now())
    lines = found.text.split("\n")
    assert found.first_line == 5 and lines[0] == "  - id: paid-sets-amount"
    assert lines[-1] == '      currency: "{{ inv.currency | upper }}"'
    with pytest.raises(UnknownRule, match="'other'"):
        rule_views.detail(sqlite, bench.ruleset, "other", now=now())


def test_versions_say_when_they_were_active(database, sandbox):
    """The active one first, each until the next, with how many of the newest events met it."""
    bench = lived(database, sandbox)
    other = mapping.build({"rules.yaml": MAPPING.replace("PS", "XX")}).usable()
    rulesets.activate(database, other)
    first, second = ruleset_versions.versions(database)
    assert first.hash == other.hash and first.active and first.events == 0
    assert second.hash == bench.ruleset.hash and second.until == first.activated_at
    assert (second.events, second.first_event, second.last_event) == (3, 1, 3)


def test_a_diff_shows_what_changed_between_two(sqlite, sandbox):
    """As a patch, by the beginnings of their hashes; files that came or went are named."""
    bench = lived(sqlite, sandbox)
    texts = {"rules.yaml": MAPPING.replace("PS", "XX"), "table.csv": "a,b\n"}
    other = mapping.build(texts).usable()
    rulesets.activate(sqlite, other)
    found = ruleset_versions.diff(sqlite, bench.ruleset.hash[:9])
    assert (found.before, found.after) == (bench.ruleset.hash, other.hash)
    assert [(one.file, one.kind) for one in found.files] == [
        ("rules.yaml", "changed"),
        ("table.csv", "added"),
    ]
    assert '+    fields: { ticket_id: "{{ ticket }}", sub_status: XX' in found.patch
    for wrong in ("", "nothing", "%"):
        with pytest.raises(UnknownRuleset):
            ruleset_versions.diff(sqlite, wrong)


def test_a_large_file_is_not_compared_line_by_line():
    """Comparing would take seconds: it is named as changed."""
    many = "x\n" * 20_001
    (one,) = ruleset_versions.compared({"a.yaml": many}, {"a.yaml": f"y\n{many}"})
    assert one.kind == "changed" and one.lines == ()
