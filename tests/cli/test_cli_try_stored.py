"""`bridge try EVENT`: an event of the store, read as the worker reads it, and nothing written."""

import json
from datetime import UTC, datetime

import pytest
from bench import objects

from bridge.model import Event, Request
from bridge.store import events, views


def stored(bench, source, event_id):
    """An event of any sender."""
    body = {"id": event_id, "type": "other", "created": 1}
    received = datetime.now(UTC)
    request = Request(
        method="POST",
        target=f"/hooks/{source}",
        headers=(("Content-Type", "application/json"),),
        body=json.dumps(body).encode(),
        received_at=received,
    )
    event = Event(
        source=source,
        event_id=event_id,
        type="other",
        occurred_at=None,
        received_at=received,
        payload=body,
        headers={},
    )
    bench.database.write(lambda c: events.accept(c, request, [event]))


def rules_of(result):
    return {rule["rule"]: rule for rule in objects(result)[0]["rules"]}


@pytest.mark.parametrize("name", ["1", "evt_1"])
def test_an_event_is_found_by_number_and_by_its_senders_id(terminal, bench, name):
    """Both say which event it is, and show what its rules make of it."""
    bench.paid("evt_1")
    result = terminal("try", name)
    assert (result.exit_code, result.stderr) == (0, "")
    head, matched, *_ = result.stdout.splitlines()
    assert head == "event invoice.paid evt_1 from stripe (number 1)"
    assert matched.startswith("  matched   paid-sets-amount")


def test_it_is_decided_as_the_worker_decided(terminal, bench):
    """The same outcome and reason for every rule as the worker recorded, and the call that it made."""
    bench.paid("evt_1")
    bench.paid("evt_2", ticket="no uuid")
    for number in (1, 2):
        tried = rules_of(terminal("try", number, "--json"))
        with bench.database.read() as connection:
            decided = views.decisions_of(connection, number)
        assert {(row["rule"], row["said"], row["reason"]) for row in decided} == {
            (one["rule"], one["outcome"], one["reason"]) for one in tried.values()
        }
    [call] = rules_of(terminal("try", 1, "--json"))["paid-sets-amount"]["calls"]
    [delivery] = objects(terminal("deliveries", "list", "--event", "1", "--json"))
    shown = objects(terminal("deliveries", "show", delivery["id"], "--json"))[0]
    assert call["request"]["body"] == shown["body"]
    assert call["ticket"] == shown["ticket"]


def test_nothing_is_recorded(terminal, bench):
    """Trying adds no decision, no delivery and no attempt."""
    bench.paid("evt_1")
    before = bench.states()
    terminal("try", "1")
    with bench.database.read() as connection:
        assert len(views.decisions_of(connection, 1)) == 2
    assert bench.states() == before


def test_a_file_goes_before_an_event(terminal, bench, tmp_path):
    """What is there as a file is read as a file, whatever it is called."""
    bench.paid("evt_1")
    body = {"id": "evt_file", "type": "other", "created": 1}
    (tmp_path / "evt_1").write_text(json.dumps(body))
    result = terminal("try", "evt_1", "--source", "stripe")
    assert result.stdout.startswith("event other evt_file from stripe\n")


def test_source_tells_senders_apart(terminal, bench):
    """An event of another sender than the named one is not there."""
    bench.paid("evt_1")
    assert terminal("try", "evt_1", "--source", "stripe").exit_code == 0
    assert terminal("try", "evt_1", "--source", "github").exit_code == 5


def test_two_senders_may_use_the_same_id(terminal, bench):
    """The source has to be named then; our own number goes first, unless it is of another source than the named."""
    stored(bench, "other", "evt_1")
    stored(bench, "stripe", "evt_1")
    stored(bench, "stripe", "1")
    result = terminal("try", "evt_1")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "use one of these numbers: 1 from other, 2 from stripe" in result.stderr
    for name, number in (("evt_1", 2), ("1", 3)):
        result = terminal("try", name, "--source", "stripe")
        assert f"(number {number})" in result.stdout
    assert "event 1 is from source 'other'" in terminal("try", "1").stderr


@pytest.mark.parametrize("name", ["99", "evt_9", "9" * 40, "²"])
def test_neither_file_nor_event_says_so(terminal, bench, name):
    """Exit code 5, and one sentence that names both."""
    result = terminal("try", name)
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr == f"there is no file and no event {name}\n"


def test_the_file_of_nearly_that_name_is_suggested(terminal, bench, tmp_path):
    """Whether it looked like a recording or not."""
    (tmp_path / "paid.http").write_text("POST /hooks/stripe HTTP/1.1\n\n{}")
    assert "did you mean paid.http?" in terminal("try", "paid.htt").stderr
    missing = terminal("try", "payd.http")
    assert missing.exit_code == 3
    assert "No such file or directory: did you mean paid.http?" in missing.stderr


def test_a_recording_that_is_not_there_opens_no_store(terminal, house, monkeypatch):
    """A slip in a file's name makes no database."""
    monkeypatch.setenv("BRIDGE_DATABASE_URL", "sqlite:///new/bridge.db")
    assert terminal("try", "gone.http").exit_code == 3
    assert not (house / "new").exists()


def test_store_that_cannot_be_opened_is_exit_code_4(terminal, house, monkeypatch):
    """The machine is to blame, and says how."""
    (house / "taken").write_text("no database" * 100)
    monkeypatch.setenv("BRIDGE_DATABASE_URL", "sqlite:///taken")
    result = terminal("try", "17")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "taken" in result.stderr and result.stderr.count("\n") == 1


def test_event_whose_source_is_gone_says_so(terminal, bench, tmp_path):
    """Its rules cannot be asked: exit code 3."""
    bench.paid("evt_1")
    path = tmp_path / "mappings" / "rules.yaml"
    path.write_text(
        path.read_text().replace("name: stripe,", "name: other, provider: stripe,")
    )
    result = terminal("try", "1")
    assert result.exit_code == 3
    assert (
        "event 1 is from source 'stripe', which no mapping file declares"
        in result.stderr
    )


def test_test_mode_in_production_is_told(terminal, house, monkeypatch):
    """Rules are shown all the same, and stderr says that the worker would not ask them."""
    path = house / "mappings" / "paid.json"
    path.write_text(path.read_text().replace('"id"', '"livemode": false, "id"'))
    arguments = ("try", path, "--source", "shop")
    assert terminal(*arguments).stderr == ""
    monkeypatch.setenv("BRIDGE_ENVIRONMENT", "production")
    result = terminal(*arguments)
    assert result.stderr == (
        "the worker would not run any rule: a test-mode event, in production\n"
    )
    assert "  matched " in result.stdout
