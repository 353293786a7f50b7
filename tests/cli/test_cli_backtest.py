"""`bridge backtest`: formats, exit codes, the folder and the filter."""

import json

import pytest
from bench import objects
from running import MAPPING

DRAFT = MAPPING.replace("currency: ", "currency: USD #")


@pytest.fixture
def draft(bench, tmp_path):
    """A folder with another currency, beside the rules in force."""
    bench.paid("evt_1")
    folder = tmp_path / "draft"
    folder.mkdir()
    (folder / "rules.yaml").write_text(DRAFT)
    return folder


def test_a_draft_is_compared_with_what_was_made(terminal, draft):
    """The result says what differs, with the place of the rule and both values."""
    result = terminal("backtest", draft)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("1 event: 1 changed\n")
    assert f"({draft}/rules.yaml:" in result.stdout
    assert "currency: 'CLP' : text → 'USD' : text" in result.stdout
    assert "All 1 events" in result.stdout


def test_without_a_folder_it_takes_that_of_the_settings(terminal, draft):
    """Which differs in nothing here, so that --fail-on-change is content."""
    result = terminal("backtest", "--fail-on-change")
    assert result.exit_code == 0, result.output
    assert "1 event: nothing changed" in result.stdout


def test_exit_codes(terminal, draft, tmp_path):
    """1 if something differs and that was asked for, 3 for a folder with errors, 5 if no event is found, 2 for a
    filter that cannot be read."""
    assert terminal("backtest", draft, "--fail-on-change").exit_code == 1
    assert terminal("backtest", draft, "source:other").exit_code == 5
    assert terminal("backtest", draft, "nokey:other").exit_code == 2
    (draft / "rules.yaml").write_text("rules: []\n")
    assert terminal("backtest", draft).exit_code == 3


def test_json_and_markdown(terminal, draft):
    """One object for programs, a table for a pull request."""
    (found,) = objects(terminal("backtest", draft, "--format", "json"))
    assert found["updates"]["changed"] == 1 and found["complete"] is True
    assert found["rules"][0]["examples"][0]["event"] == 1
    said = terminal("backtest", draft, "--format", "markdown").stdout
    assert "| paid-sets-amount | 1 | 0 | 0 | 0 | currency 1 |" in said


def test_against_the_current_rules(terminal, draft):
    """The ruleset that is active in the store is the other side, whatever was made then."""
    given = terminal("backtest", draft, "--against", "current", "--format", "json")
    assert json.loads(given.stdout)["against"]
    assert json.loads(given.stdout)["updates"]["changed"] == 1


def test_since_limits_it(terminal, draft):
    """An event of the future is not found."""
    assert terminal("backtest", draft, "--since", "2099-01-01").exit_code == 5
