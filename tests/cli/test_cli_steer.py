"""The commands that steer: retry, release, cancel, replay, pause, resume, and what they leave in the audit trail."""

import os
import pwd
import re
from datetime import UTC, datetime, timedelta

import pytest
from bench import TICKET, objects
from running import MAPPING

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import rulesets
from bridge.store import rulesets as stored
from bridge.store import views

ME = pwd.getpwuid(os.getuid()).pw_name
LATER = datetime.now(UTC) + timedelta(days=1)
OTHER = "0f4f3a52-6b1d-4c0e-9a57-3d2b8e6c7f10"


def test_retry_sends_a_dead_letter_again(terminal, bench):
    """A dead letter that had a request is sent as it was."""
    bench.sandbox.know("vambe", "0f4f3a52-6b1d-4c0e-9a57-3d2b8e6c7f10")
    bench.paid()
    bench.sandbox.know("vambe", TICKET)
    result = terminal("retry", "1")
    assert (result.exit_code, result.stdout) == (0, f"1: retried by {ME}\n")
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
    terminal("migrate")
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
    assert terminal("release", "1").stdout == f"1: released by {ME}\n"
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


def dead(bench, *names):
    """One dead letter each, of a ticket that the vendor does not know."""
    bench.sandbox.know("vambe", OTHER)
    for name in names:
        bench.paid(name)


def test_a_filter_is_counted_and_needs_a_yes(terminal, bench):
    """Without a terminal nothing happens without --yes; the count says what it would be."""
    dead(bench, "evt_a", "evt_b")
    asked = terminal("cancel", "state:dead", "rule:paid*")
    assert (asked.exit_code, asked.stdout) == (2, "")
    assert "2 deliveries: 2 dead of rule paid-sets-amount" in asked.stderr
    assert bench.states() == ["dead", "dead"]
    done = terminal("cancel", "-event:2", "--yes", "--reason", "test data", "--json")
    assert [row["ok"] for row in objects(done)] == [True]
    assert bench.states() == ["cancelled", "dead"]
    assert terminal("cancel", "rule:none", "--yes").exit_code == 5


def test_a_person_on_a_terminal_is_asked(bench, monkeypatch):
    """`n` leaves everything as it is, `y` goes on."""
    from click.testing import CliRunner

    from bridge.cli import cli, steering

    monkeypatch.setattr(steering, "_asks", lambda: True)
    dead(bench, "evt_a")
    for answer, states in (("n", ["dead"]), ("y", ["cancelled"])):
        CliRunner().invoke(cli, ["cancel", "state:dead"], input=answer)
        assert bench.states() == states


def test_ids_and_a_filter_do_not_mix(terminal, bench):
    """Numbers are ids; together with words it is not clear what is meant."""
    result = terminal("retry", "1", "state:dead")
    assert result.exit_code == 2 and "not both" in result.stderr


def test_an_id_that_is_not_there_is_said(terminal, bench):
    """Each command says which id there is not, and which state does not fit."""
    bench.paid()
    for name in ("retry", "release", "cancel", "replay"):
        assert "7: there is no delivery 7\n" == terminal(name, "7").stdout
    said = terminal("release", "1").stdout
    assert said.startswith("1: not released: it is delivered, not held: `bridge rep")


def test_acts_are_kept_with_person_and_reason(terminal, bench):
    """The audit trail has one row an act, newest first."""
    dead(bench, "evt_a")
    assert terminal("retry", "1", "--reason", "ticket is back").exit_code == 0
    assert terminal("pause", "--all").exit_code == 0
    second, first = objects(terminal("audit", "--json"))
    assert (first["action"], first["person"]) == ("retry", ME)
    assert (first["subject"], first["reason"]) == (
        {"deliveries": [1]},
        "ticket is back",
    )
    assert (second["action"], second["subject"]) == ("pause", {})
    (row,) = objects(terminal("deliveries", "list", "--json"))
    assert (row["person"], row["because"]) == (ME, "ticket is back")
    assert row["reason"] == f"retried by {ME}: ticket is back"
    assert "retry" in terminal("audit").stdout


def test_behind_sudo_it_is_who_called_it(terminal, bench, monkeypatch):
    """Many share the account of a bridge; a name that is no account of the machine is not believed."""
    for act, name, person in (
        ("pause", "nobody", "nobody"),
        ("resume", "nobody\n", ME),
    ):
        monkeypatch.setenv("SUDO_USER", name)
        assert terminal(act, "--all").exit_code == 0
        assert objects(terminal("audit", "--json"))[0]["person"] == person


def test_replay_sends_once_more_after_success(terminal, bench):
    """The vendor gets the same request again; the new delivery says what it repeats."""
    bench.paid()
    result = terminal("replay", "1", "--reason", "vendor lost it")
    assert result.stdout.startswith(f"1: replayed as delivery 2 by {ME}: vendor")
    bench.work()
    assert bench.states() == ["delivered", "delivered"]
    first, second = bench.sandbox.calls("vambe")
    assert first.body == second.body
    newest, _ = objects(terminal("deliveries", "list", "--json"))
    assert (newest["replay_of"], newest["person"]) == (1, ME)


def test_replay_with_the_rules_of_now_shows_what_differs(terminal, bench, tmp_path):
    """A dry run sends nothing and has the fields before and after; without it they are sent."""
    bench.paid()
    fixed = MAPPING.replace("{{ inv.currency | upper }}", "USD")
    (tmp_path / "mappings" / "rules.yaml").write_text(fixed)
    assert terminal("check", "--activate").exit_code == 0
    dry = terminal("replay", "1", "--rules", "current", "--dry-run")
    assert dry.exit_code == 0 and "; currency: CLP → USD\n" in dry.stdout
    assert bench.states() == ["delivered"]
    assert terminal("replay", "1", "--rules", "current").exit_code == 0
    bench.work()
    assert "USD" in str(bench.sandbox.calls("vambe")[-1].body)


def test_replay_goes_on_after_an_interruption(terminal, bench, monkeypatch):
    """The number that was said at the beginning sends the rest, with the options of the beginning."""
    for name in ("evt_a", "evt_b", "evt_c"):
        bench.paid(name)

    def interrupted(seconds):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("bridge.cli.replay.time.sleep", interrupted)
        filter = ["state:delivered", "since:1h"]
        first = terminal("replay", *filter, "--force", "--yes", "--rate", "5/s")
    assert first.exit_code == 1
    (run,) = re.findall(
        r"continue with `bridge replay --resume ([0-9]+)`", first.stderr
    )
    bench.work()
    shown = terminal("replay", "--resume", run, "--dry-run")
    assert [line.split(":")[0] for line in shown.stdout.splitlines()] == ["2", "3"]
    rest = terminal("replay", "--resume", run)
    assert [line.split(":")[0] for line in rest.stdout.splitlines()] == ["2", "3"]
    assert terminal("replay", "--resume", run).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["1", "--resume", "1"], 2),
        (["--resume", "1", "--force"], 2),
        (["--resume", "1"], 5),
    ],
)
def test_what_replay_cannot_mean(terminal, bench, arguments, code):
    """Either ids or a filter, or a run by its number alone."""
    assert terminal("replay", *arguments).exit_code == code


def test_replay_keeps_to_a_rate(terminal, bench, monkeypatch):
    """--rate waits between two of them; what is no rate is refused."""
    waited = []
    bench.paid("evt_a")
    bench.paid("evt_b")
    monkeypatch.setattr("bridge.cli.replay.time.sleep", waited.append)
    assert (
        terminal("replay", "state:delivered", "--yes", "--rate", "5/s").exit_code == 0
    )
    assert waited == [0.2, 0.2]
    for odd in ("5", "0/s", "five/s", "5/d"):
        result = terminal("replay", "1", "--rate", odd)
        assert result.exit_code == 2 and "5/s, 30/m" in result.stderr


def test_pause_stops_and_resume_lets_go_on(terminal, bench):
    """While a rule is paused its events are taken in and wait; the list and `show` say who stopped them."""
    assert terminal("pause").exit_code == 5
    result = terminal("pause", "--rule", "paid-sets-amount", "--reason", "audit")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (
        "was already paused" in terminal("pause", "--rule", "paid-sets-amount").stderr
    )
    bench.paid()
    assert bench.states() == ["waiting"]
    (row,) = objects(terminal("pause", "--json"))
    assert (row["kind"], row["by"], row["reason"]) == ("paused", ME, "audit")
    shown = terminal("deliveries", "show", "1").stdout
    assert f"waits: rule paid-sets-amount was paused by {ME} at" in shown
    assert terminal(*row["resume"].split()[1:]).exit_code == 0
    bench.work()
    assert bench.states() == ["delivered"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["pause", "--rule", "paid-sets-amont"], 5, "did you mean 'paid-sets-amount'"),
        (["pause", "--all", "--rule", "x"], 2, "--all already covers everything"),
        (["pause", "--rule", ""], 2, "--ticket need a value"),
        (["resume"], 2, "`bridge pause` lists both"),
        (["resume", "x", "--all"], 2, "`bridge pause` lists both"),
        (["resume", "--all"], 5, "everything is not paused"),
        (["resume", "nobody"], 5, "connection 'nobody' is not parked"),
    ],
)
def test_what_cannot_be_paused_or_resumed(terminal, bench, arguments, code, words):
    """A name with a typo would stop nothing, unseen; so it is an error."""
    result = terminal(*arguments)
    assert result.exit_code == code and words in result.stderr


def test_resume_says_what_is_stopped_still(terminal, bench):
    """Two pauses hold each for itself: after one is over the other is named."""
    terminal("pause", "--all")
    terminal("pause", "--ticket", "4711")
    said = terminal("resume", "--all").stderr
    assert said == (
        "everything resumed\n"
        "still paused: ticket 4711 (`bridge resume --ticket 4711`)\n"
    )


def test_everything_can_be_paused_before_the_first_rules(
    terminal, tmp_path, monkeypatch
):
    """A new bridge can be told to send nothing before it starts."""
    monkeypatch.chdir(tmp_path)
    terminal("migrate")
    assert terminal("pause", "--all").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["pause", "--all"],
        ["pause"],
        ["resume", "api"],
        ["events", "list"],
        ["why", "1"],
        ["retry", "1"],
        ["audit"],
        ["backup", "copy.db"],
        ["migrate", "--from", "sqlite:///var/bridge.db"],
    ],
)
def test_a_store_that_is_not_there_is_a_mistake(
    terminal, tmp_path, monkeypatch, arguments
):
    """Who pauses from the wrong folder must not be told that everything stands still; and nothing is made there."""
    monkeypatch.chdir(tmp_path)
    result = terminal(*arguments)
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"there is no store at {tmp_path}/var/bridge.db: set" in result.stderr
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert made == []


def test_pause_and_resume_answer_in_json(terminal, bench):
    """Each with rows as `pause` lists them: what was paused, and what is stopped still."""
    (paused,) = objects(terminal("pause", "--source", "stripe", "--json"))
    assert (paused["what"], paused["kind"]) == ("source stripe", "paused")
    assert objects(terminal("pause", "--source", "stripe", "--json")) == [paused]
    (other,) = objects(terminal("pause", "--ticket", "4711", "--json"))
    left = objects(terminal("resume", "--ticket", "4711", "--json"))
    assert left == [paused] and other["what"] == "ticket 4711"
    assert objects(terminal("resume", "--source", "stripe", "--json")) == []


def test_a_rule_is_paused_while_no_rules_can_be_read(terminal, bench, tmp_path):
    """Neither a folder nor stored rules that are broken keep a person from stopping; the name is taken as it is."""
    (tmp_path / "mappings" / "rules.yaml").write_text("rules: [")
    assert terminal("pause", "--rule", "paid-sets-amont").exit_code == 5
    bench.database.write(
        lambda c: stored.activate(c, "newer", {"a.yaml": "version: 9"}, LATER)
    )
    result = terminal("pause", "--rule", "paid-sets-amont")
    assert result.exit_code == 0
    assert "so rule paid-sets-amont was not checked" in result.stderr
    assert objects(terminal("pause", "--json"))[0]["what"] == "rule paid-sets-amont"


def test_a_phrase_keeps_the_quotes_that_the_shell_took(terminal, bench):
    """`"b a"` is one text of the reason, not two words in any order; a filter in one argument stays one."""
    bench.held()
    with bench.database.read() as connection:
        (row,) = views.list_deliveries(connection)
    one, two = row["reason"].split()[:2]
    for words, code in ((f"{one} {two}", 0), (f"{two} {one}", 5)):
        assert terminal("deliveries", "list", words).exit_code == code, words
    assert terminal("deliveries", "list", f"{two} state:held {one}").exit_code == 0
