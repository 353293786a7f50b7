"""`bridge record` and `bridge events show --payload`: what happened once can be looked at, and becomes a test."""

import json
from datetime import UTC, datetime

import pytest
from running import stripe_event

from bridge import providers
from bridge.model import Request
from bridge.store import events
from bridge.strict import http

CANARY = "canary-0f3a"
BOTH = ["1", "evt_1"]  # our number and the sender's id


def received(bench, body, headers=()):
    """Stores a request as the front door does: its proof and credentials masked."""
    request = Request(
        method="POST",
        target="/hooks/stripe",
        headers=(("Content-Type", "application/json"), *headers),
        body=body,
        received_at=datetime.now(UTC),
    )
    provider = bench.ruleset.sources["stripe"].provider
    found = providers.read(provider, "stripe", providers.trust(request))
    kept = providers.masked(provider, request)
    return bench.database.write(lambda c: events.accept(c, kept, found)).ids[0]


@pytest.mark.parametrize("name", BOTH)
def test_an_event_is_shown_by_either_name(terminal, bench, name):
    """Our number and the sender's id mean the same event, for `events show` and for `why`."""
    bench.paid("evt_1")
    assert "event_id     evt_1" in terminal("events", "show", name).stdout
    assert terminal("why", name).stdout.startswith("event 1: invoice.paid from stripe")


@pytest.mark.parametrize("command", [["events", "show"], ["why"], ["record"]])
def test_a_name_that_no_event_has(terminal, bench, command):
    """A name that no event has ends with exit code 5 and says so on one line."""
    bench.paid("evt_1")
    result = terminal(*command, "evt_\x1b[2J")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr == "there is no event evt_\\x1b[2J\n"


def test_the_payload_is_what_the_rules_see(terminal, bench):
    """`--payload` shows the body as rules see it, and in JSON beside the rest."""
    event = stripe_event("invoice.paid__clp.http", id="evt_1")
    bench.receive(event)
    shown = terminal("events", "show", "evt_1", "--payload").stdout
    assert json.loads(shown.partition("\n\n")[2]) == event
    row = json.loads(terminal("events", "show", "1", "--payload", "--json").stdout)
    assert (row["payload"], row["event_id"]) == (event, "evt_1")


def test_raw_is_the_request_byte_for_byte(terminal, bench):
    """`--raw` gives back what arrived, spaces and order included, without the proof."""
    body = b'{ "id":"evt_1",  "type":"x", "created":1772366340, "z":1, "a":2 }'
    received(bench, body, [("Stripe-Signature", CANARY), ("Authorization", CANARY)])
    raw = terminal("events", "show", "1", "--raw").stdout_bytes
    assert http.parse(raw).body == body
    assert CANARY.encode() not in raw


@pytest.mark.parametrize("name", BOTH)
def test_a_recorded_event_becomes_a_test_that_passes(terminal, bench, tmp_path, name):
    """The printed test goes under `tests:` as it is, and passes until the rule changes."""
    event = stripe_event("invoice.paid__clp.http", id="evt_1")
    bench.receive(event)
    result = terminal("record", name)
    assert result.exit_code == 0
    recording = tmp_path / "mappings/payloads/stripe/invoice.paid__1.http"
    assert json.loads(http.parse(recording.read_bytes()).body) == event
    mapped = tmp_path / "mappings/rules.yaml"
    mapped.write_text(f"{mapped.read_text()}\ntests:\n{result.stdout}")
    assert terminal("test").exit_code == 0
    mapped.write_text(mapped.read_text().replace("invoice.paid", "invoice.void", 1))
    assert terminal("test").exit_code == 1


def test_nothing_is_overwritten(terminal, bench, tmp_path):
    """A file that is there stays as it is; another name can be given, or - for stdout."""
    bench.paid("evt_1")
    assert terminal("record", "1").exit_code == 0
    again = terminal("record", "1")
    assert again.exit_code == 1
    assert "invoice.paid__1.http already exists: nothing was written" in again.stderr
    assert terminal("record", "1", "-o", tmp_path / "other.http").exit_code == 0
    piped = terminal("record", "1", "-o", "-")
    assert piped.stdout_bytes == (tmp_path / "other.http").read_bytes()


def test_people_are_masked_where_it_is_asked_for(terminal, bench):
    """Mail addresses and telephone numbers get examples, the same one each time; the rest stays as it is."""
    body = (
        b'{"id": "evt_1", "type": "x", "created": 1772366340, "a": "ana@real.cl", "b": "Bo <bo.x+1@real.com.br>",'
        b' "c": "ana@real.cl", "phone": "+56961234567", "wide": "a\\u0040b.org", "n": 56961234567}'
    )
    received(bench, body)
    masked = json.loads(
        http.parse(terminal("record", "1", "--mask", "-o", "-").stdout_bytes).body
    )
    assert masked == {
        **json.loads(body),
        "a": "person1@example.com",
        "b": "Bo <person2@example.com>",
        "c": "person1@example.com",
        "phone": "+56900000001",
        "wide": "person3@example.com",
    }


def test_what_is_not_kept_any_more_is_said(terminal, bench, tmp_path):
    """An event whose payload was pruned gives no empty recording, and the message names the setting."""
    bench.paid("evt_1")
    bench.database.write(
        lambda c: c.exec_driver_sql("UPDATE payloads SET pruned_at = 1")
    )
    result = terminal("record", "1")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "BRIDGE_KEEP_PAYLOADS" in result.stderr
    assert not (tmp_path / "mappings/payloads").exists()


def test_an_event_whose_source_is_gone_is_recorded_all_the_same(
    terminal, bench, tmp_path
):
    """Without a mapping file for it there is the recording, no test, and a line that says why."""
    bench.paid("evt_1")
    mapped = tmp_path / "mappings/rules.yaml"
    mapped.write_text(mapped.read_text().replace("name: stripe", "name: other"))
    result = terminal("record", "1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "mappings/payloads/stripe/invoice.paid__1.http").exists()
    assert "no test was made" in result.stderr


@pytest.mark.parametrize("type", ["../../../etc/passwd", "a/b", ".", "é\n", "x" * 300])
def test_a_type_names_no_other_place(terminal, bench, tmp_path, type):
    """Whatever a sender calls its event, the recording stands in the source's folder."""
    body = {"id": "evt_1", "type": type, "created": 1772366340}
    received(bench, json.dumps(body).encode())
    assert terminal("record", "1").exit_code == 0
    (file,) = (tmp_path / "mappings/payloads/stripe").iterdir()
    assert file.name.endswith("__1.http")
    assert not file.name.startswith(".")
