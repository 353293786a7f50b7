"""`bridge import`: events that a sender exported, taken in on a person's word, seen as such wherever they are shown."""

import json
import os
import pwd

import pytest
from bench import objects
from running import MAPPING, stripe_event
from sqlalchemy import select

from bridge import mapping
from bridge.services import importing, rulesets
from bridge.store.tables import payloads

ME = pwd.getpwuid(os.getuid()).pw_name
GITHUB = "source: { name: github, verify: { secret: { env: STRIPE_WEBHOOK_SECRET } } }"
HUBSPOT = GITHUB.replace("github", "hubspot")
TWILIO = GITHUB.replace("github", "twilio")


def paid(id, **more):
    event = stripe_event("invoice.paid__clp.http", id=id)
    return json.dumps({**event, **more})


@pytest.fixture
def export(bench, tmp_path):
    """Writes lines into a file; its name."""

    def write(*lines, end="\n"):
        (tmp_path / "export.jsonl").write_text("\n".join(lines) + end)
        return "export.jsonl"

    return write


def force(bench, source):
    """Another source in force beside the bench's own."""
    texts = {"rules.yaml": MAPPING, "more.yaml": f"version: 1\n{source}\n"}
    rulesets.activate(bench.database, mapping.build(texts).usable())


def events(terminal):
    return objects(terminal("events", "list", "--json"))[::-1]


def test_exported_events_go_in_under_their_own_ids_and_are_routed(
    terminal, bench, export
):
    """They are events like any other: known by their sender's id, delivered by the rules."""
    result = terminal("import", "stripe", export(paid("evt_a"), "", paid("evt_b")))
    assert (result.exit_code, result.stdout) == (0, "2 new, 0 already received\n")
    assert [row["event_id"] for row in events(terminal)] == ["evt_a", "evt_b"]
    bench.work()
    assert bench.states() == ["delivered", "delivered"]


def test_what_was_received_before_is_recognised(terminal, bench, export):
    """An event that arrived by itself, or stands twice in the file, is not taken in again; another body is counted."""
    bench.receive(stripe_event("invoice.paid__clp.http", id="evt_a"))
    lines = paid("evt_a"), paid("evt_b"), paid("evt_b"), paid("evt_a", livemode=False)
    first = terminal("import", "stripe", export(*lines))
    assert (
        first.stdout == "1 new, 3 already received, 1 of those with a different body\n"
    )
    (again,) = objects(terminal("import", "stripe", export(*lines), "--json"))
    assert (again["new"], again["known"]) == (0, 4)
    assert len(events(terminal)) == 2
    assert len(objects(terminal("audit", "--json"))) == 1


def test_nobody_takes_an_imported_event_for_a_proven_one(terminal, bench, export):
    """show and why say who vouched for it, and why; one that was received says nothing of the kind."""
    bench.receive(stripe_event("invoice.paid__clp.http", id="evt_a"))
    name = export(paid("evt_a"), paid("evt_b"))
    assert terminal("import", "stripe", name, "--reason", "hook was off").exit_code == 0
    said = f"by {ME}: hook was off"
    assert f"imported     {said}" in terminal("events", "show", "2").stdout
    assert f"not verified: imported {said}" in terminal("why", "2").stdout
    for command in (("events", "show"), ("why",)):
        shown = [objects(terminal(*command, id, "--json"))[0] for id in "12"]
        assert [one["imported"] for one in shown] == [None, said]
    assert "imported by" not in terminal("why", "1").stdout
    (row,) = objects(terminal("audit", "--json"))
    assert (row["action"], row["person"], row["reason"]) == (
        "import",
        ME,
        "hook was off",
    )
    assert row["subject"] == {"source": "stripe", "events": [2], "known": 1}


def test_a_bad_line_is_named_and_keeps_back_no_other(terminal, bench, export):
    """Each line that cannot be read is told by its number; the exit code says that something is left."""
    name = export(
        paid("evt_a"), "{", "", "[1]", paid("evt_b"), '{"a": 1, "a": 2', end=""
    )
    result = terminal("import", "stripe", name)
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "line 2",
        "line 6",
    ]
    assert result.stdout.endswith("2 bad lines\n")
    assert {"evt_a", "evt_b"} < {row["event_id"] for row in events(terminal)}
    told = objects(terminal("import", "stripe", name, "--json"))
    assert [one.get("line") for one in told] == [2, 6, None]
    assert told[-1]["refused"] == 2


def test_many_bad_lines_are_counted(terminal, bench, export):
    """The first 20 are named, the others counted; a program is told of each. The good line among them is taken."""
    name = export(*(["{"] * 30), paid("evt_a"), *(["{"] * 421))
    result = terminal("import", "stripe", name)
    *named, more = result.stderr.splitlines()
    assert [line.split(":")[0] for line in named] == [f"line {n}" for n in range(1, 21)]
    assert (result.exit_code, more) == (1, "and 431 more")
    assert result.stdout == "1 new, 0 already received, 451 bad lines\n"
    told = terminal("import", "stripe", name, "--json")
    assert (told.stderr, len(objects(told))) == ("", 452)
    exactly = terminal("import", "stripe", export(*(["{"] * 20)))
    assert len(exactly.stderr.splitlines()) == 20


def test_a_byte_order_mark_is_passed_over(terminal, bench, tmp_path, monkeypatch):
    """What PowerShell writes is read, up to the very size that is allowed; only before the first line, though."""
    first, second = paid("evt_a"), paid("evt_b")
    monkeypatch.setenv("BRIDGE_MAX_BODY", str(len(first)))
    (tmp_path / "export.jsonl").write_text(f"{first}\r\n{second}", "utf-8-sig")
    result = terminal("import", "stripe", "export.jsonl")
    assert result.stdout == "2 new, 0 already received\n", result.stderr
    (tmp_path / "export.jsonl").write_text(f"\n\ufeff{paid('evt_c')}", "utf-8")
    assert terminal("import", "stripe", "export.jsonl").exit_code == 1
    (tmp_path / "export.jsonl").write_text("", "utf-8-sig")
    assert terminal("import", "stripe", "export.jsonl").exit_code == 5


BROKEN = [
    ("slack", '{"event_id": "e", "token": "\\ud800"}', False),
    ("slack", '{"headers": {}, "body": "\\ud800"}', True),
    ("slack", '{"headers": {}, "body": {"event_id": "e", "a": 12345678901234567891}}', True),
    ("getfly", '{"event": "\\ud800"}', False),
    ("getfly", '{"event": "x", "a": 12345678901234567891}', False),
]  # fmt: skip


@pytest.mark.parametrize("name, broken, enveloped", BROKEN)
def test_half_letters_and_numbers_that_cannot_be_written_keep_back_no_other_line(
    terminal, bench, export, name, broken, enveloped
):
    """Whatever a line holds, the next one is taken."""
    force(bench, GITHUB.replace("github", name))
    good = '{"event": "y", "event_id": "y"}'
    good = f'{{"headers": {{}}, "body": {good}}}' if enveloped else good
    options = ["--with-headers"] if enveloped else []
    result = terminal("import", name, export(broken, good), *options)
    assert result.exit_code in (0, 1) and "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert len(events(terminal)) == 2 - result.exit_code


def test_a_dry_run_stores_nothing(terminal, bench, export):
    """It counts what would be new, and leaves neither event nor audit row."""
    bench.receive(stripe_event("invoice.paid__clp.http", id="evt_a"))
    name = export(paid("evt_a"), paid("evt_b"), paid("evt_b"), "{")
    result = terminal("import", "stripe", name, "--dry-run")
    assert result.exit_code == 1
    assert result.stdout == "1 would be new, 2 already received, 1 bad line\n"
    assert len(events(terminal)) == 1
    assert terminal("audit").exit_code == 5


def test_more_lines_than_a_transaction_takes(terminal, bench, export, monkeypatch):
    """Batches change nothing but the number of audit rows; an import that broke off is simply run again."""
    monkeypatch.setattr(importing, "BATCH", 2)
    name = export(*(paid(f"evt_{number}") for number in range(5)))
    assert terminal("import", "stripe", name).stdout == "5 new, 0 already received\n"
    rows = objects(terminal("audit", "--json"))
    assert [row["subject"]["events"] for row in rows] == [[5], [3, 4], [1, 2]]
    assert terminal("import", "stripe", name).stdout == "0 new, 5 already received\n"


def test_a_batch_body_is_split(terminal, bench, export):
    """A line may be a list where the sender posts lists."""
    force(bench, HUBSPOT)
    item = {"eventId": 1, "subscriptionId": 2, "occurredAt": 1772366340000}
    line = json.dumps([item, {**item, "eventId": 2}])
    assert terminal("import", "hubspot", export(line)).stdout.startswith("2 new")


def test_a_form_sender_is_given_forms(terminal, bench, export):
    """The members of a line become the fields that the sender would have posted."""
    force(bench, TWILIO)
    line = '{"MessageSid": "SM1", "MessageStatus": "sent", "NumMedia": 0}'
    bad = '{"MessageSid": {"a": 1}, "MessageStatus": "sent"}'
    result = terminal("import", "twilio", export(line, bad))
    assert result.exit_code == 1 and "line 2: a form field" in result.stderr
    assert [row["event_id"] for row in events(terminal)] == ["SM1:sent"]


def test_what_stands_in_headers_is_asked_for(terminal, bench, export):
    """Without its header an event would be another one than was received: it is refused, and an envelope brings it."""
    force(bench, GITHUB)
    body = {"action": "opened", "issue": {"number": 1}}
    bare = terminal("import", "github", export(json.dumps(body)))
    assert bare.exit_code == 1 and "x-github-" in bare.stderr
    assert "--with-headers" in bare.stderr
    headers = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "d-1"}
    lines = [
        json.dumps({"headers": headers, "body": body}),
        json.dumps({"headers": headers, "body": json.dumps(body)}),
        json.dumps({"headers": {"X-GitHub-Event": 1}, "body": body}),
        json.dumps({"body": body}),
    ]
    result = terminal("import", "github", export(*lines), "--with-headers")
    assert result.stdout == "1 new, 1 already received, 2 bad lines\n"
    (row,) = events(terminal)
    assert (row["event_id"], row["type"]) == ("d-1", "issues.opened")


def test_a_line_that_is_too_long_is_not_read(terminal, bench, export, monkeypatch):
    """What the front door would refuse for its size is refused here, and the next line is taken."""
    monkeypatch.setenv("BRIDGE_MAX_BODY", "5000")
    long = paid("evt_a", note="x" * 20_000)
    exact = paid("evt_c", note="")
    exact = exact.replace('"note": ""', f'"note": "{"y" * (5_000 - len(exact))}"')
    result = terminal("import", "stripe", export(long, paid("evt_b"), exact))
    assert result.stdout == "2 new, 0 already received, 1 bad line\n"
    assert "line 1: the line is too long" in result.stderr


def test_names_that_are_not_there(terminal, bench, export):
    """An unknown source is answered with the nearest one, an empty file with exit code 5."""
    result = terminal("import", "strip", export(paid("evt_a")))
    assert result.exit_code == 5 and "did you mean 'stripe'?" in result.stderr
    assert terminal("import", "stripe", export("")).exit_code == 5
    gone = terminal("import", "stripe", "none.jsonl")
    assert gone.exit_code == 4 and "none.jsonl" in gone.stderr


def test_stdin_is_a_file_too(bench):
    """`-` reads what another program writes."""
    from click.testing import CliRunner

    from bridge.cli import cli

    result = CliRunner().invoke(cli, ["import", "stripe", "-"], input=paid("evt_a"))
    assert (result.exit_code, result.stdout) == (0, "1 new, 0 already received\n")


def test_secrets_inside_are_masked_before_they_are_stored(terminal, bench, export):
    """An import masks what receiving masks."""
    force(bench, GITHUB.replace("github", "getfly"))
    line = '{"secret_key": "s3cr3t-value", "event": "x"}'
    result = terminal("import", "getfly", export(line))
    assert result.exit_code == 0, result.stderr
    with bench.database.read() as connection:
        (body,) = connection.execute(select(payloads.c.body)).scalars()
    assert b"s3cr3t" not in body and b"secret" in body
