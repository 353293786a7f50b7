"""The commands that look into the store, over a real store that a real worker filled."""

import json
import re
import shlex
import sqlite3
from datetime import datetime

import pytest
from bench import TICKET, objects
from running import stripe_event

from bridge.sandbox import DEFAULT_CREDENTIALS

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
ODD = "\x1b[2J\x9b1m\u202e"


def test_events_are_listed_newest_first(terminal, bench):
    """A row an event with its outcome; --source and --limit narrow them."""
    bench.paid("evt_a")
    bench.paid("evt_b", ticket="no uuid")
    result = terminal("events", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    head, second, first = result.stdout.splitlines()
    assert head.split() == "id received_at source type state outcome event_id".split()
    assert second.split()[-2:] == ["error", "evt_b"]
    assert first.split()[-2:] == ["matched", "evt_a"]
    assert len(terminal("events", "list", "--limit", "1").stdout.splitlines()) == 2
    assert terminal("events", "list", "--source", "github").exit_code == 5


def test_json_has_every_column_on_one_line(terminal, bench):
    """--json is one object a line with times as RFC 3339."""
    bench.paid()
    (event,) = objects(terminal("events", "list", "--json"))
    assert (event["id"], event["type"], event["state"]) == (1, "invoice.paid", "routed")
    assert datetime.fromisoformat(event["received_at"]).tzinfo is not None
    (delivery,) = objects(terminal("deliveries", "list", "--json"))
    assert (delivery["ticket"], delivery["state"]) == (TICKET, "delivered")
    (shown,) = objects(terminal("events", "show", "1", "--json"))
    assert {**event, **shown} == {**event, "imported": None}


def test_one_event_is_shown_a_line_a_column(terminal, bench):
    """`events show` names each column."""
    bench.paid()
    lines = terminal("events", "show", "1").stdout.splitlines()
    shown = dict(line.split(maxsplit=1) for line in lines)
    assert shown["event_id"] == "evt_1" and shown["outcome"] == "matched"


def test_deliveries_are_filtered(terminal, bench):
    """--state, --event and --connection each leave what they name."""
    bench.paid("evt_a")
    bench.paid("evt_b", ticket="no uuid")
    dead = objects(terminal("deliveries", "list", "--state", "dead", "--json"))
    assert [row["event"] for row in dead] == [2]
    assert [
        row["state"]
        for row in objects(terminal("deliveries", "list", "--event", "1", "--json"))
    ] == ["delivered"]
    name = objects(terminal("deliveries", "list", "--event", "1", "--json"))[0][
        "connection"
    ]
    assert (
        len(objects(terminal("deliveries", "list", "--connection", name, "--json")))
        == 1
    )
    assert terminal("deliveries", "list", "--connection", "none").exit_code == 5


def test_one_delivery_is_shown_with_request_and_attempts(terminal, bench):
    """`deliveries show` has method, path, body and every attempt with its answer, and no credential."""
    bench.paid()
    result = terminal("deliveries", "show", "1")
    assert "\n\nPOST /api/public/ticket/amount\n" in result.stdout
    assert '\n  "amount": 150000,\n' in result.stdout
    assert ": 200 after " in result.stdout and " ms, delivered: " in result.stdout
    assert "outlook      is done; `bridge replay 1` would" in result.stdout
    assert DEFAULT_CREDENTIALS["vambe"] not in result.output
    (shown,) = objects(terminal("deliveries", "show", "1", "--json"))
    assert [row["status"] for row in shown["attempts_made"]] == [200]


def test_a_delivery_as_curl(terminal, bench):
    """The request as a shell takes it, without the credential; what has none says so."""
    bench.paid()
    printed = terminal("deliveries", "curl", "1").stdout
    words = shlex.split(printed)
    assert words[:3] == ["curl", "-X", "POST"] and TICKET in printed
    assert "<secret>" in printed and DEFAULT_CREDENTIALS["vambe"] not in printed
    body = json.loads(words[words.index("--data-raw") + 1])
    assert body["amount"] == 150000
    terminal("erase", "1", "--yes", "--reason", "asked")
    gone = terminal("deliveries", "curl", "1")
    assert (gone.exit_code, gone.stderr) == (5, "delivery 1 has no request\n")
    assert terminal("deliveries", "curl", "7").exit_code == 5


def test_rule_error_is_shown_without_a_request(terminal, bench):
    """A dead letter that never had a request says so, and has no attempts to show."""
    bench.paid(ticket="no uuid")
    result = terminal("deliveries", "show", "1")
    assert result.exit_code == 0
    assert "POST" not in result.stdout and "attempt 1" not in result.stdout
    assert "outlook      will not be retried automatically: " in result.stdout


def test_why_says_what_each_rule_and_delivery_came_to(terminal, bench):
    """One line a rule with its clickable place, one a delivery."""
    bench.paid()
    result = terminal("why", "1")
    head, times, matched, other, delivery = result.stdout.splitlines()
    assert head == "event 1: invoice.paid from stripe, routed"
    assert re.fullmatch(f"  received {TIME}, occurred {TIME}", times)
    assert matched.startswith("  matched   paid-sets-amount: ")
    assert matched.endswith("(mappings/rules.yaml:6)")
    assert other.startswith("  no_match  failed-adds-comment: event type invoice.paid")
    assert re.search(f"delivered after 1 attempt at {TIME}", delivery)


def test_why_says_what_keeps_a_delivery(terminal, bench, sandbox):
    """What waits says until when, behind which other one, and what is paused, with the command that resumes it."""
    sandbox.fault("vambe", status=503)
    bench.paid("evt_1")
    said = terminal("why", "1").stdout.splitlines()[-1]
    assert re.search(f"waiting after 1 attempt: .* → waits: .*{TIME}", said)
    assert terminal("pause", "--source", "stripe", "--reason", "tests").exit_code == 0
    assert "`bridge resume --source stripe`" in terminal("why", "1").stdout
    bench.paid("evt_2")
    assert "delivery 1 is ahead in its lane" in terminal("why", "evt_2").stdout


def test_why_names_the_next_step(terminal, bench):
    """What waits for a person says with which command it goes on."""
    bench.paid(ticket="no uuid")
    assert "`bridge retry 1`" in terminal("why", "1").stdout
    bench.held()
    said = terminal("why", "2").stdout
    assert "send it with `bridge release 2` or drop it with `bridge cancel 2`" in said


def test_why_of_an_event_nobody_looked_at(terminal, bench):
    """An event that was only stored says that a worker will come."""
    bench.receive(stripe_event("invoice.paid__clp.http", id="evt_1"))
    assert "not routed yet: waiting for a worker" in terminal("why", "1").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["events", "show", "7"], 5),
        (["deliveries", "show", "7", "--json"], 5),
        (["why", "7"], 5),
        (["resume", "nobody"], 5),
        (["retry", "7"], 1),
        (["release", "7"], 1),
        (["cancel", "7"], 1),
    ],
)
def test_unknown_id_is_a_sentence(terminal, bench, arguments, code):
    """An id or name that is not there is said in one line."""
    result = terminal(*arguments)
    assert result.exit_code == code
    assert result.output.count("\n") == 1
    assert arguments[1].strip() in result.output or "7" in result.output


def test_empty_store_matches_nothing(terminal, bench):
    """An empty list is exit code 5; as JSON nothing is written."""
    for name in ("events", "deliveries"):
        result = terminal(name, "list", "--json")
        assert (result.exit_code, result.stdout) == (5, "")
        assert result.stderr == "nothing matched\n"


def test_what_a_sender_wrote_does_not_reach_the_terminal(terminal, bench, tmp_path):
    """Control and direction characters, wherever a sender can put text, are escapes in tables, lines and JSON."""
    bench.paid()
    with sqlite3.connect(tmp_path / "bridge.db") as raw:
        raw.execute("UPDATE events SET type = ?, event_id = ?", (ODD, ODD))
        raw.execute(
            "UPDATE events SET decisions = json_replace(decisions, '$[0].reason', ?)",
            (ODD,),
        )
        raw.execute(
            "UPDATE deliveries SET ticket = ?, reason = ?, body = ?",
            (ODD, ODD, ODD.encode()),
        )
        raw.execute("UPDATE attempts SET reason = ?, reply = ?", (ODD, ODD.encode()))
    raw.close()
    for arguments in (
        ["events", "list"],
        ["events", "show", "1"],
        ["deliveries", "list"],
        ["deliveries", "show", "1"],
        ["why", "1"],
    ):
        result = terminal(*arguments)
        assert result.exit_code == 0
        assert "\\x1b[2J\\x9b1m\\u202e" in result.stdout, arguments
        assert result.output.replace("\n", "").isprintable()
    for arguments in (["events", "list"], ["deliveries", "show", "1"]):
        result = terminal(*arguments, "--json")
        assert result.stdout.replace("\n", "").isprintable()
        (row,) = objects(result)
        assert ODD in (row.get("event_id"), row.get("ticket"))


def test_rows_are_not_folded_for_another_program(terminal, bench, tmp_path):
    """Into a pipe a row is one line, however long, so that grep and awk can be used."""
    bench.paid()
    with sqlite3.connect(tmp_path / "bridge.db") as raw:
        raw.execute("UPDATE deliveries SET reason = ?", ("word " * 100,))
    raw.close()
    assert len(terminal("deliveries", "list").stdout.splitlines()) == 2


def test_migrate_makes_the_store_once(terminal, tmp_path, monkeypatch):
    """The first run makes the store and its folder, the second has nothing to do."""
    monkeypatch.setenv("BRIDGE_DATABASE_URL", f"sqlite:///{tmp_path}/new/bridge.db")
    assert terminal("migrate").stderr == "migrated\n"
    assert terminal("migrate").stderr == "nothing to do\n"


def test_a_store_is_made_for_its_owner_alone(terminal, tmp_path, monkeypatch):
    """It holds payloads. One that is there keeps the mode that somebody gave it."""
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "var" / "bridge.db"
    assert objects(terminal("migrate", "--json")) == [{"changed": True}]
    assert store.stat().st_mode & 0o777 == 0o600
    store.chmod(0o640)
    assert objects(terminal("migrate", "--json")) == [{"changed": False}]
    assert terminal("events", "list").exit_code == 5
    assert store.stat().st_mode & 0o777 == 0o640
