"""The commands that steer: retry, release, cancel, resume, and the rules that a retry meets."""

from bench import TICKET, objects
from running import MAPPING

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import rulesets


def test_retry_sends_a_dead_letter_again(terminal, bench):
    """A dead letter that had a request is sent as it was."""
    bench.sandbox.know("vambe", "0f4f3a52-6b1d-4c0e-9a57-3d2b8e6c7f10")
    bench.paid()
    bench.sandbox.know("vambe", TICKET)
    result = terminal("retry", "1")
    assert (result.exit_code, result.stdout) == (0, "1: retried by a person\n")
    bench.work()
    assert bench.states() == ["delivered"]


def test_retry_routes_a_rule_error_with_the_rules_of_now(terminal, bench, tmp_path):
    """After the mapping file was put right, the event meets the new rule."""
    bench.paid(ticket="no uuid")
    again = terminal("retry", "1")
    assert again.exit_code == 1 and ": error, this is not a UUID" in again.stdout
    fixed = MAPPING.replace('"{{ inv.metadata.vambe_ticket_id | uuid }}"', TICKET)
    (tmp_path / "mappings" / "rules.yaml").write_text(fixed)
    assert terminal("check", "--activate").exit_code == 0
    result = terminal("retry", "2")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2: routed again: ") and "matched" in result.stdout


def test_retry_needs_rules_in_force(terminal, tmp_path, monkeypatch):
    """Where no ruleset was ever in force the sentence says how to get one."""
    monkeypatch.chdir(tmp_path)
    result = terminal("retry", "1")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "bridge check --activate" in result.stderr and result.stderr.count("\n") == 1


def test_check_activates_only_what_is_right(terminal, bench, tmp_path):
    """`check --activate` puts the folder's rules in force; with errors the ones before stay."""
    path = tmp_path / "mappings" / "rules.yaml"
    for text, code in ((MAPPING.replace("PS", "ES"), 0), ("version: 2\n", 1)):
        path.write_text(text)
        assert terminal("check", "--activate").exit_code == code
    active = rulesets.Rules(bench.database, tmp_path / "mappings", pinned=True)
    assert "sub_status: ES" in active.current().texts["rules.yaml"]


def test_release_lets_a_held_delivery_go(terminal, bench):
    """What was held is sent once it is released; a second release says that it is not held."""
    bench.held()
    assert bench.states() == ["held"]
    assert terminal("release", "1").stdout == "1: released by a person\n"
    bench.work()
    assert bench.states() == ["delivered"]
    assert terminal("release", "1").exit_code == 1


def test_cancel_drops_each_id(terminal, bench):
    """Each id gets its own line; one that cannot be dropped makes the exit code 1."""
    bench.held()
    result = terminal("cancel", "1", "9")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["1", "9"]
    assert bench.states() == ["cancelled"]


def test_resume_lets_a_parked_connection_go_on(terminal, bench, monkeypatch):
    """After the credential is right again, resume sends what waited."""
    monkeypatch.setenv("VAMBE_API_KEY", "wrong")
    bench.paid()
    (row,) = objects(terminal("deliveries", "list", "--json"))
    assert row["state"] == "waiting"
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    result = terminal("resume", row["connection"])
    assert (result.exit_code, result.stdout) == (0, "")
    bench.work()
    assert bench.states() == ["delivered"]
