"""`bridge erase`: it shows first, needs a reason, and says what is left."""

import json

import pytest
from bench import TICKET

from bridge.services import erasing


def test_it_shows_before_it_erases(terminal, bench):
    """Without --yes nothing changes; with it, and a reason, the content is gone and the ledger's row stays."""
    event = bench.paid()
    shown = terminal("erase", "--ticket", TICKET)
    assert f"would erase 1 event: {event}" in shown.stdout
    assert f"1 update of ticket {TICKET}" in shown.stdout
    for left in erasing.LEFT:
        assert left in shown.stdout
    raw = terminal("events", "show", event, "--raw")
    assert raw.exit_code == 0
    done = terminal("erase", "--ticket", TICKET, "--yes", "--reason", "she asked")
    assert done.exit_code == 0 and f"erased 1 event: {event}" in done.stdout
    assert "erased" in terminal("events", "show", event, "--raw").stderr
    row = json.loads(terminal("why", "--ticket", TICKET, "--json").stdout)
    assert row["fields"] == {} and row["rule"] == "paid-sets-amount"
    told = terminal("audit", "--action", "erase", "--json").stdout.splitlines()
    assert [json.loads(line)["reason"] for line in told] == ["she asked"] * 2


@pytest.mark.parametrize("words", [(), ("1", "--ticket", "x"), ("--ticket", "")])
def test_what_to_erase_is_named_once(terminal, bench, words):
    """Nothing, two ways at once, or an empty name is a mistake, not everything."""
    assert terminal("erase", *words, "--yes", "--reason", "x").exit_code == 2


def test_an_empty_filter_erases_nothing(terminal, bench):
    """A filter that was lost is not all of them; a reason is needed; what is not there says so."""
    bench.paid()
    assert terminal("erase", "", "--yes", "--reason", "x").exit_code == 2
    assert terminal("erase", "1", "--yes").exit_code == 2
    assert terminal("erase", "1", "--yes", "--reason", " ").exit_code == 2
    assert terminal("erase", "7").exit_code == 5
    assert terminal("events", "show", "1", "--raw").exit_code == 0


def test_what_is_left_is_named(terminal, bench):
    """A held delivery is left, with what to do first, and the exit code says so."""
    event = bench.held()
    done = terminal("erase", f"id:{event}", "--yes", "--reason", "x", "--json")
    result = json.loads(done.stdout)
    assert done.exit_code == 1 and (result["done"], result["events"]) == (True, [])
    assert {row["state"] for row in result["blocked"]} == {"held"}
    assert "`bridge cancel 1` first" in result["blocked"][0]["message"]
