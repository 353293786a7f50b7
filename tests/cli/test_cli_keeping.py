"""The commands that keep and move a store: backup, restore, migrate, and the ledger behind `why --ticket`."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from bench import TICKET, objects

from bridge.store import Database, pauses
from bridge.store.keeping import retention
from bridge.store.keeping.retention import KEYS, Keep

POSTGRES = "postgresql://bridge:s3cret@127.0.0.1:1/bridge"


def test_why_says_what_was_written_into_a_ticket(terminal, bench):
    """A row an update that was accepted: when, what, by which rule, for which event."""
    bench.paid("evt_a")
    result = terminal("why", "--ticket", TICKET)
    assert result.exit_code == 0 and '"amount":150000' in result.stdout
    (row,) = objects(terminal("why", "--ticket", TICKET, "--json"))
    assert (row["rule"], row["event_id"]) == ("paid-sets-amount", "evt_a")
    assert row["status"] == 200 and row["ruleset"] == bench.ruleset.hash


def test_the_answer_outlives_the_payload(terminal, bench):
    """When everything else is forgotten, what was written into a ticket is still told."""
    bench.paid("evt_a")
    before = terminal("why", "--ticket", TICKET).stdout
    keep = Keep(payloads=KEYS, events=KEYS, ledger=400 * KEYS)
    (row,) = objects(terminal("why", "--ticket", TICKET, "--json"))
    later = datetime.fromisoformat(row["at"]) + timedelta(days=31)
    assert retention.forget(bench.database, keep, later, lambda seconds: None)
    shown = terminal("deliveries", "show", "1", "--json")
    assert json.loads(shown.stdout)["fields"] is None
    assert terminal("why", "--ticket", TICKET).stdout == before


def test_replay_and_try_of_a_forgotten_payload_say_so(terminal, bench):
    """What was kept long enough cannot be sent or tried again, and the sentence says why."""
    bench.paid("evt_a")
    keep = Keep(payloads=KEYS, events=3 * KEYS, ledger=400 * KEYS)
    later = datetime.now(UTC) + timedelta(days=31)
    assert retention.forget(bench.database, keep, later, lambda seconds: None)
    for arguments in (("replay", "1"), ("try", "evt_a")):
        result = terminal(*arguments)
        assert (
            result.exit_code != 0
            and "deleted after the retention period" in result.output
        ), arguments


def test_why_of_an_event_as_json(terminal, bench):
    """One object: the event, what each rule said, and its deliveries."""
    bench.paid("evt_a")
    (event,) = objects(terminal("why", "1", "--json"))
    assert event["event_id"] == "evt_a"
    assert {row["said"] for row in event["decisions"]} == {"matched", "no_match"}
    assert [row["state"] for row in event["deliveries"]] == ["delivered"]


def test_why_needs_one_of_both(terminal, bench):
    """An event or a ticket: neither, or both, is a mistake of usage; a ticket that nothing was written into is none."""
    assert terminal("why").exit_code == 2
    assert terminal("why", "1", "--ticket", "t").exit_code == 2
    assert terminal("why", "--ticket", "t").exit_code == 5


def test_backup_and_restore(terminal, bench, tmp_path, monkeypatch):
    """What a backup holds is back after a restore, which says that nothing is sent yet and what resumes it."""
    bench.paid("evt_a")
    made = terminal("backup", "b.db")
    assert (made.exit_code, made.stdout) == (0, "")
    assert "events 1, deliveries 1" in made.stderr and "checked" in made.stderr
    assert terminal("backup", "b.db").exit_code == 3
    (said,) = objects(terminal("backup", "c.db", "--json"))
    assert said["file"] == "c.db" and said["bytes"] > 0
    assert (said["rows"]["events"], said["rows"]["deliveries"]) == (1, 1)
    monkeypatch.setenv("BRIDGE_DATABASE_URL", f"sqlite:///{tmp_path}/new/bridge.db")
    done = terminal("restore", "b.db")
    assert done.exit_code == 0 and "paused" in done.stderr
    assert "bridge resume --all" in done.stderr
    with closing(Database(f"sqlite:///{tmp_path}/new/bridge.db")) as restored:
        with restored.read() as connection:
            assert len(pauses.listed(connection)) == 1
    (again,) = objects(terminal("restore", "b.db", "--force", "--json"))
    assert again["waiting"] == 0 and again["aside"].startswith(f"{tmp_path}/new/")
    assert datetime.fromisoformat(again["newest"]).tzinfo is not None


@pytest.mark.parametrize(
    "arguments, tool",
    [(("backup", "b.db"), "pg_dump"), (("restore", "b.db"), "pg_restore")],
)
def test_postgresql_has_its_own_tools(terminal, house, monkeypatch, arguments, tool):
    """Usage, with the command to type, which does not hold the password."""
    (house / "b.db").touch()
    monkeypatch.setenv("BRIDGE_DATABASE_URL", POSTGRES)
    result = terminal(*arguments)
    assert result.exit_code == 2 and tool in result.stderr
    assert "s3cret" not in result.stderr


def test_a_file_that_is_no_backup_is_refused(terminal, house):
    """Text, or a file that is not there."""
    (house / "b.db").write_text("not a database, and long enough to be looked at")
    assert terminal("restore", "b.db").exit_code == 4
    assert terminal("restore", "none.db").exit_code == 3


def test_migrate_from_needs_postgresql(terminal, bench):
    """The store of the settings must be the new one."""
    result = terminal("migrate", "--from", os.environ["BRIDGE_DATABASE_URL"])
    assert result.exit_code == 3 and "BRIDGE_DATABASE_URL the new" in result.stderr
