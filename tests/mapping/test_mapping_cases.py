"""Tests of mapping files: recordings, patches, outcomes, and what a failure shows."""

import pytest

from bridge.mapping import ABSENT, load, run_cases

RULES = """version: 1
source: { name: shop, provider: stripe, verify: { secret: { env: S } } }
rules:
  - id: note
    events: [paid]
    when: event.n > 0
    target: kapture.update_ticket
    connection: { subdomain: acme }
    auth: { basic_token: { env: K } }
    fields: { ticket_id: "{{ event.ticket }}", sub_status: PS, amount: "{{ event.n }}" }
tests:
"""
BODY = '{"id": "evt_1", "type": "paid", "created": 1772366340, "n": 5, "ticket": "T1", "list": [1, 2]}'


def run(folder, *tests, body=BODY, rules=RULES):
    """The failures of each test, in order."""
    (folder / "a.json").write_text(body)
    lines = (
        f"  - {{ name: t{at}, given: a.json, {test} }}\n"
        for at, test in enumerate(tests)
    )
    (folder / "a.yaml").write_text(rules + "".join(lines))
    loaded = load(folder, {})
    assert loaded.ruleset is not None, loaded.findings
    return [result.failures for result in run_cases(loaded.ruleset, folder)]


@pytest.mark.parametrize(
    "expect, passes",
    [
        ("{ body: [ { ticket_id: T1, sub_status: PS, amount: 5 } ] }", True),
        ("{ body: [ { ticket_id: T1, sub_status: PS, amount: 5.0 } ] }", True),
        ("{ body: [ { ticket_id: T1, sub_status: PS, amount: '5' } ] }", False),
        ("{ body: [ { ticket_id: T1, sub_status: PS } ] }", False),
        ("{ body_contains: [ { amount: 5 } ] }", True),
        ("{ body_contains: [ { amount: true } ] }", False),
        ("{ body_contains: [ { other: 1 } ] }", False),
        ("{ body_contains: { amount: 5 } }", False),
        ("{ method: POST, path: /update-ticket-from-other-source.html/v.2.0 }", True),
        ("{ method: PUT }", False),
        ("{ headers: { content-type: application/json } }", True),
        ("{ headers: { x-none: a } }", False),
        ("[ { body_contains: [ { amount: 5 } ] } ]", True),
        ("[ { method: POST }, { method: POST } ]", False),
        ("no_match", False),
        ("skipped", False),
        ("{ error: E301 }", False),
    ],
)
def test_outcomes_are_compared_by_kind(tmp_path, expect, passes):
    """A number is not its text; what is not named in body_contains is free."""
    [failures] = run(tmp_path, f"expect: {{ note: {expect} }}")
    assert (failures == ()) is passes


OWN_BODY = (
    RULES.replace("kapture.update_ticket", "http.request")
    .replace(
        '{ ticket_id: "{{ event.ticket }}", sub_status: PS, amount: "{{ event.n }}" }',
        """
      method: POST
      path: "/a/{{ event.id }}"
      body:
        amount: "{{ event.n }}"
        inner: { amount: "{{ event.n + 1 }}", path: fixed }
        all: "{{ event.list }}"
    """,
    )
    .replace("{ subdomain: acme }", "{ base_url: https://a.example }")
    .replace("basic_token", "bearer")
)


@pytest.mark.parametrize(
    "body, source",
    [
        ("{ amount: 0 }", "{{ event.n }}"),
        ("{ inner: { amount: 0 } }", "{{ event.n + 1 }}"),
        ("{ all: [0, 2] }", "{{ event.list }}"),
        ("{ inner: { path: other } }", None),
    ],
)
def test_a_value_of_a_body_of_the_rule_s_own_names_its_own_expression(
    tmp_path, body, source
):
    """A key of the same name elsewhere in the call is not taken for it."""
    expect = f"expect: {{ note: {{ body_contains: {body} }} }}"
    [[failure]] = run(tmp_path, expect, rules=OWN_BODY)
    made_by = failure.difference.made_by
    assert (made_by and made_by.formula.expression.source) == source


def test_rules_that_are_not_named_must_not_match(tmp_path):
    """A test says all that happens."""
    [failures] = run(tmp_path, "expect: {}")
    assert [one.diagnostic.code for one in failures] == ["T503"]
    reason = failures[0].reason
    assert (reason.text, reason.place) == ("event.n > 0 is true", "a.yaml:6")
    assert reason.read == (("event.n", 5),)
    assert run(tmp_path, "expect: {}", body=BODY.replace("paid", "other")) == [()]


def test_a_difference_shows_values_and_the_expression_that_made_them(tmp_path):
    """The finding itself holds no payload value."""
    [[failure]] = run(
        tmp_path, "expect: { note: { body_contains: [ { amount: 6 } ] } }"
    )
    assert failure.diagnostic.code == "T505"
    assert failure.diagnostic.message == "rule 'note': body.0.amount differs"
    start = failure.diagnostic.place.column - 1
    assert failure.diagnostic.excerpt[start:].startswith("amount: 6")
    difference = failure.difference
    assert (difference.expected, difference.actual) == (6, 5)
    assert difference.made_by.formula.expression.source == "{{ event.n }}"
    assert difference.made_by.formula.node.place.line == 10


def test_what_is_not_there_is_told_from_null(tmp_path):
    """A key too many and a key too few are ABSENT on one side."""
    wanted = "{ ticket_id: T1, sub_status: PS, other: 1 }"
    [failures] = run(tmp_path, f"expect: {{ note: {{ body: [ {wanted} ] }} }}")
    sides = {
        one.difference.path: (one.difference.expected, one.difference.actual)
        for one in failures
    }
    assert sides == {"body.0.other": (1, ABSENT), "body.0.amount": (ABSENT, 5)}


@pytest.mark.parametrize(
    "patch, expect",
    [
        ("event.n: 0", "no_match"),
        ("event.n: null", "{ error: E301 }"),
        ("event.ticket: '7'", "{ body_contains: [ { ticket_id: '7' } ] }"),
        ("event.type: other", "no_match"),
        ("event.list.1: 3, event.new: {}", "{ method: POST }"),
    ],
)
def test_a_patch_changes_what_the_provider_reads(tmp_path, patch, expect):
    """The body is changed before it is read, so type, id and time follow; null deletes."""
    assert run(tmp_path, f"patch: {{ {patch} }}, expect: {{ note: {expect} }}") == [()]


@pytest.mark.parametrize(
    "patch", ["event.nothing.n: 1", "event.n.deep: 1", "event.list.7: 1"]
)
def test_a_patch_that_leads_nowhere_fails(tmp_path, patch):
    """A misspelt path would test something else than it says."""
    [[failure]] = run(tmp_path, f"patch: {{ {patch} }}, expect: {{ note: no_match }}")
    assert failure.diagnostic.code == "T501"


@pytest.mark.parametrize("body", ["{", "[" * 70])
def test_a_recording_that_cannot_be_read_fails_its_test_only(tmp_path, body):
    """And the others go on."""
    [failures] = run(tmp_path, "expect: { note: no_match }", body=body)
    assert [one.diagnostic.code for one in failures] == ["T501"]


def test_a_missing_recording_fails_its_test(tmp_path):
    """With its name as the file has it."""
    run(tmp_path, "expect: {}")
    (tmp_path / "a.json").unlink()
    [result] = run_cases(load(tmp_path, {}).ruleset, tmp_path)
    assert "'a.json' cannot be read" in result.failures[0].diagnostic.message


def test_the_clock_of_a_test_is_the_events_own_time_or_what_it_says(tmp_path):
    """A recording does not grow old; `at` makes it."""
    rules = RULES.replace("    when:", "    max_event_age: 1h\n    when:")
    matched = "expect: { note: { method: POST } }"
    late = "at: 2026-03-02T00:00:00Z, expect: { note: skipped }"
    assert run(tmp_path, matched, late, rules=rules) == [(), ()]


def test_only_the_named_tests_are_run(tmp_path):
    """By their exact names, in file order."""
    run(tmp_path, "expect: {}", "expect: {}", "expect: {}")
    results = run_cases(load(tmp_path, {}).ruleset, tmp_path, {"t2", "t0"})
    assert [result.case.name for result in results] == ["t0", "t2"]


def test_a_rule_of_another_source_cannot_be_expected(tmp_path):
    """It could never match, so the test would prove nothing."""
    other = (
        RULES.replace("name: shop", "name: other")
        .replace("id: note", "id: elsewhere")
        .replace("tests:\n", "")
    )
    (tmp_path / "b.yaml").write_text(other)
    [failures] = run(
        tmp_path, "expect: { note: { method: POST }, elsewhere: no_match }"
    )
    assert [one.diagnostic.code for one in failures] == ["T502"]
