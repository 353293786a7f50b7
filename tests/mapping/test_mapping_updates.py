"""What a failing test would have to expect, the files rewritten so, and what the tests have covered."""

import pytest

from bridge.mapping import build, cover, load, run_cases, update_cases
from bridge.model import Said

RULES = """version: 1
source: { name: shop, provider: stripe, verify: { secret: { env: S } } }
rules:
  - id: note
    events: [paid]
    when: event.n > 0
    skip_if_missing: [event.ticket]
    for_each: { in: "{{ event.list }}", as: it, key: "{{ it }}" }
    target: kapture.update_ticket
    connection: { subdomain: acme }
    auth: { basic_token: { env: K } }
    fields: { ticket_id: "{{ event.ticket }}", sub_status: "{{ it }}", amount: "{{ event.n | number }}" }
  - id: idle
    events: [other]
    mode: live
    target: kapture.update_ticket
    connection: { subdomain: acme }
    auth: { basic_token: { env: K } }
    fields: { ticket_id: "{{ event.ticket }}", sub_status: PS }
tests:
"""
BODY = '{"id": "evt_1", "type": "paid", "created": 1772366340, "n": 5, "ticket": "007", "list": ["A"]}'
CALL = '{ ticket_id: "007", sub_status: A, amount: 5 }'


def written(folder, test):
    """A folder with one test, its ruleset, and what an update would make of it."""
    (folder / "a.json").write_text(BODY)
    text = f"{RULES}  - {{ name: t, given: a.json, {test} }}   # end\n"
    (folder / "a.yaml").write_text(text)
    ruleset = load(folder, {}).usable()
    results = [*run_cases(ruleset, folder)]
    return text, results, update_cases(ruleset, results)


@pytest.mark.parametrize(
    "test, old, new",
    [
        ("expect: { note: { body: [ { ticket_id: 7, sub_status: A, amount: 5 } ] } }",
         "ticket_id: 7,", 'ticket_id: "007",'),
        ("expect: { note: { body: [ { ticket_id: '007', sub_status: A } ] } }",
         "sub_status: A }", "sub_status: A, amount: 5 }"),
        ("expect: { note: { body_contains: [ { x: 1, amount: 5 } ] } }", "x: 1, ", ""),
        ("expect: { note: { body_contains: [ { amount: 5 }, 1 ] } }",
         "[ { amount: 5 }, 1 ]", f"[{CALL}]"),
        ("expect: { note: { method: PUT } }", "PUT", "POST"),
        ("expect: { note: [ { body_contains: [ { amount: 6 } ] } ] }", "6", "5"),
        ("expect: {}", "expect: {}", f"expect: {{ note: {{ body: [{CALL}] }} }}"),
        ("expect: { note: skipped }", "skipped", f"{{ body: [{CALL}] }}"),
        ("expect: { note: [ { method: POST }, { method: POST } ] }",
         "[ { method: POST }, { method: POST } ]", f"{{ body: [{CALL}] }}"),
        ("patch: { event.n: 0 }, expect: { note: { method: POST } }",
         "{ method: POST }", "no_match"),
        ("patch: { event.n: 0 }, expect: { note: skipped }", "skipped", "no_match"),
        ("patch: { event.ticket: null }, expect: {}", "{} }", "{ note: skipped } }"),
        ("patch: { event.list: 1 }, expect: { note: { error: E301 } }", "E301", "E321"),
    ],
)  # fmt: skip
def test_expected_values_become_what_the_rules_do(tmp_path, test, old, new):
    """With the type they have, where they stand, and the test passes then."""
    text, _, update = written(tmp_path, test)
    assert update.left == ()
    head, _, line = text.rpartition("  - {")
    assert update.texts == {"a.yaml": f"{head}  - {{{line.replace(old, new, 1)}"}
    again = build(dict(update.texts), {}).usable()
    [result] = run_cases(again, tmp_path)
    assert result.passed


@pytest.mark.parametrize(
    "test, why",
    [
        ("expect: { note: { error: E301 } }", "a person"),
        ("patch: { event.list: 1 }, expect: { note: skipped }", "a person"),
        ("patch: { event.list: 1 }, expect: {}", "a person"),
        ("expect: { note: { replies: [{ status: 500 }], final: dead } }", "replies"),
        ("patch: { event.n: 0 }, expect: { note: { final: waiting } }", "replies"),
        ("expect: { note: [ { final: waiting }, { final: waiting } ] }", "replies"),
        ("patch: { event.x.y: 1 }, expect: {}", "no other expected value"),
    ],
)
def test_what_a_person_has_to_say_is_left(tmp_path, test, why):
    """Errors, replies and recordings: with the test, the place and the reason."""
    _, _, update = written(tmp_path, test)
    [left] = update.left
    assert (left.case.name, left.place.line) == ("t", RULES.count("\n") + 1)
    assert why in left.reason
    assert update.texts == {}


def test_what_is_beside_a_value_that_is_left_is_rewritten(tmp_path):
    """One failure does not keep the others; replies stay as they are."""
    test = "expect: { note: { method: PUT, replies: [{ status: 500 }], final: dead } }"
    text, _, update = written(tmp_path, test)
    assert len(update.left) == 1
    assert update.texts == {"a.yaml": text.replace("PUT", "POST")}


def test_the_reason_of_an_error_has_the_values_it_met(tmp_path):
    """The expression that failed, with what stood at each of its paths."""
    test = "patch: { event.n: many }, expect: {}"
    body = "when: event.n | number > 0"
    (tmp_path / "a.json").write_text(BODY)
    text = RULES.replace("when: event.n > 0", body)
    (tmp_path / "a.yaml").write_text(
        f"{text}  - {{ name: t, given: a.json, {test} }}\n"
    )
    [result] = run_cases(load(tmp_path, {}).usable(), tmp_path)
    reason = result.failures[0].reason
    assert reason.read == (("event.n", "many"),)
    assert "many" not in result.failures[0].diagnostic.message


def test_recordings_are_read_once(tmp_path, monkeypatch):
    """However many tests and sources share one."""
    from bridge.mapping.cases import events

    test = (
        "patch: { event.n: 0 }, expect: {} }\n  - { name: u, given: a.json, expect: {}"
    )
    written(tmp_path, test)
    read, seen = events.read_recording, []
    monkeypatch.setattr(
        events, "read_recording", lambda *at: seen.append(at) or read(*at)
    )
    ruleset = load(tmp_path, {}).usable()
    assert [len(one.failures) for one in run_cases(ruleset, tmp_path)] == [0, 1]
    assert len(seen) == 1


def test_results_come_one_by_one(tmp_path):
    """Whoever stops asking runs no further test."""
    written(tmp_path, "expect: {} }\n  - { name: u, given: gone.json, expect: {}")
    results = run_cases(load(tmp_path, {}).usable(), tmp_path)
    assert next(results).case.name == "t"
    (tmp_path / "a.json").unlink()
    assert next(results).case.name == "u"


def test_coverage_counts_what_rules_said(tmp_path):
    """Of every event of every test, and the calls made; a rule that is off need not match."""
    text, results, _ = written(tmp_path, "patch: { event.list: [A, B] }, expect: {}")
    note, idle = cover(build({"a.yaml": text}, {}).usable(), results)
    assert (note.rule.id, note.calls, note.said[Said.MATCHED]) == ("note", 2, 1)
    assert (idle.calls, idle.said[Said.NO_MATCH], idle.said[Said.ERROR]) == (0, 1, 0)
    assert (note.never_matched, idle.never_matched) == (False, True)
    off = build({"a.yaml": text.replace("mode: live", "mode: off")}, {}).usable()
    assert not cover(off, results)[1].never_matched
