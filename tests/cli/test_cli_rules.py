"""`bridge rules`: what is in force, and what was."""

from bench import objects
from running import MAPPING


def test_rules_can_be_looked_at(terminal, bench, tmp_path):
    """A row per rule with its counts, one rule with its text, the versions, and what differs between two."""
    bench.paid("evt_1")
    rows = objects(terminal("rules", "list", "--json"))
    assert [row["id"] for row in rows] == ["paid-sets-amount", "failed-adds-comment"]
    assert rows[0]["hits"] == 1 and rows[0]["last_hit"]
    said = terminal("rules", "list")
    assert (
        "rules.yaml:5" in said.stdout and "1 events of the last 7 days" in said.stderr
    )
    shown = terminal("rules", "show", "paid-sets-amount")
    assert shown.exit_code == 0 and "    5    - id: paid-sets-amount" in shown.stdout
    assert terminal("rules", "show", "other").exit_code == 5
    before = bench.ruleset.hash
    text = MAPPING.replace("PS", "XX")
    (tmp_path / "mappings" / "rules.yaml").write_text(text)
    assert terminal("check", "--activate").exit_code == 0
    versions = objects(terminal("rules", "versions", "--json"))
    assert [row["active"] for row in versions] == [True, False]
    assert before[:12] in terminal("rules", "versions").stdout
    diff = terminal("rules", "diff", before[:12])
    assert diff.exit_code == 0 and "sub_status: XX" in diff.stdout
    assert terminal("rules", "diff", "zz").exit_code == 5
