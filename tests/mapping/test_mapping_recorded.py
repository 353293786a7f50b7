"""`check --strict`: rules against recorded payloads. A false alarm is worse than a miss."""

import json

import pytest

from bridge.mapping import check_recorded, load, read_recordings, unheard

HEAD = "version: 1\nsource: { name: stripe, verify: { secret: { env: S } } }\n"
RULE = """rules:
  - id: paid
    events: [invoice.paid]
    target: kapture.update_ticket
    connection: { subdomain: acme }
    auth: { basic_token: { env: K } }
"""
FIELDS = "    fields: { ticket_id: T1, sub_status: PS }\n"
TESTS = "tests:\n  - { name: t, given: a.json, expect: { paid: { method: POST } } }\n"
BODY = {
    "id": "evt_1",
    "type": "invoice.paid",
    "created": 1772366340,
    "data": {"total": 5, "note": None, "tags": {}, "lines": [{"sku": "a"}]},
}


def study(folder, rule="", *, fields=FIELDS, tests=TESTS, body=BODY):
    """What is said about a rule with these further keys: code, column, message and help."""
    (folder / "a.json").write_text(json.dumps(body))
    (folder / "a.yaml").write_text(f"{HEAD}{RULE}{rule}{fields}{tests}")
    loaded = load(folder, {})
    ruleset = loaded.usable()
    found = check_recorded(ruleset, read_recordings(ruleset, folder))
    return [(one.code, one.place.column, one.message, one.help) for one in found]


def field(expression):
    return f'    fields: {{ ticket_id: T1, sub_status: "{{{{ {expression} }}}}" }}\n'


def test_a_path_that_no_payload_has_is_told_at_its_key(tmp_path):
    """The key that leads nowhere is pointed at, and the nearest of those that are there is offered."""
    [found] = study(tmp_path, fields=field("event.data.totl | string"))
    assert found == (
        "W607",
        57,
        "no recorded payload has event.data.totl",
        "did you mean 'total'?",
    )


def test_without_a_near_key_the_help_lists_what_is_there(tmp_path):
    """So that a person sees what the payload calls it."""
    [found] = study(tmp_path, fields=field("event.data.xyz"))
    assert found[3] == (
        "event.data has lines, note, tags, total; record a payload that has it"
    )


@pytest.mark.parametrize(
    "expression",
    [
        "event.data.total | string",
        "event.data.note",  # null is there
        "event.data.lines[0].sku",
        "event['data'].total | string",
        "headers['stripe-version'] | default(omit)",
        "meta.event_id",
        "event.data.coupon | default(omit)",  # absence is provided for
        "'x' if event.data.coupon is defined else 'y'",
        "event.data.lines | map('sku') | first",
    ],
)
def test_what_a_payload_has_or_may_lack_is_not_told(tmp_path, expression):
    """Nulls and items are there; what is asked for before it is used may be missing."""
    assert study(tmp_path, fields=field(expression)) == []


def test_a_guarded_path_is_told_where_it_looks_misspelt(tmp_path):
    """A default hides a misspelling for ever, so a key that is nearly there is told all the same."""
    [found] = study(tmp_path, fields=field("event.data.totall | default(omit)"))
    assert found[3] == "did you mean 'total'?"


def test_a_path_of_skip_if_missing_is_guarded_everywhere(tmp_path):
    """The rule is skipped before the path is used."""
    rule = "    skip_if_missing: [event.data.coupon]\n"
    found = study(tmp_path, rule, fields=field("event.data.coupon"))
    assert [one[0] for one in found] == ["W609"]


def test_names_of_let_and_for_each_stand_for_what_they_hold(tmp_path):
    """A path below them is followed in the payload; one that cannot start is told where it starts only."""
    each = '    for_each: { in: "{{ d.lines }}", as: line }\n'
    rule = '    let: { d: "{{ event.data }}" }\n' + each
    [found] = study(tmp_path, rule, fields=field("line.skuu"))
    assert found[2] == "no recorded payload has line.skuu"
    rule = '    let: { d: "{{ event.dat }}" }\n'
    [found] = study(tmp_path, rule, fields=field("d.total | string"))
    assert found[2] == "no recorded payload has event.dat"


def test_items_of_an_empty_list_are_unknown(tmp_path):
    """A recording without items says nothing about them."""
    body = {**BODY, "data": {"lines": []}}
    each = '    for_each: { in: "{{ event.data.lines }}", as: line }\n'
    assert study(tmp_path, each, fields=field("line.skuu"), body=body) == []


def test_a_patch_counts_as_a_payload(tmp_path):
    """Who patches a key into a recording says that it exists."""
    patch = "patch: { event.data.coupon: c }, "
    tests = TESTS.replace("expect", f"{patch}expect", 1)
    assert study(tmp_path, fields=field("event.data.coupon"), tests=tests) == []


def test_recordings_of_the_same_sender_beside_those_of_tests_count(tmp_path):
    """Whoever else's lie there do not; nor does what cannot be read."""
    body = {**BODY, "data": {"coupon": "c"}}
    head = "POST /hooks/{} HTTP/1.1\ncontent-type: application/json\n\n"
    other = tmp_path / "b.http"
    other.write_text(head.format("github") + json.dumps(body))
    (tmp_path / "c.http").write_text("no recording")
    rule = field("event.data.coupon")
    assert [one[0] for one in study(tmp_path, fields=rule)] == ["W607"]
    other.write_text(head.format("stripe") + json.dumps(body))
    assert study(tmp_path, fields=rule) == []


def test_an_event_type_that_was_never_recorded_is_told_at_its_entry(tmp_path):
    """An exact one or a pattern, among others that were."""
    (tmp_path / "a.yaml").touch()
    rules = RULE.replace("[invoice.paid]", "[invoice.paid, invoice.payed, x*]")
    (tmp_path / "a.json").write_text(json.dumps(BODY))
    (tmp_path / "a.yaml").write_text(HEAD + rules + FIELDS + TESTS)
    ruleset = load(tmp_path, {}).usable()
    found = check_recorded(ruleset, read_recordings(ruleset, tmp_path))
    assert [(one.code, one.place.column, one.help) for one in found] == [
        ("W608", 28, "did you mean 'invoice.paid'?"),
        ("W608", 43, "record one; the recorded types are invoice.paid"),
    ]


@pytest.mark.parametrize(
    ("rule", "outcome", "told"),
    [
        ("    when: event.data.total > 0\n", "no_match", "expects no_match"),
        ("    skip_if_missing: [event.data.total]\n", "skipped", "expects skipped"),
    ],
)
def test_a_condition_wants_a_test_that_shows_it_refuse(tmp_path, rule, outcome, told):
    """An event of the rule's type that it leaves alone; another type shows nothing."""
    negative = "  - {{ name: n, given: a.json, patch: {{ {} }}, expect: {{ {} }} }}\n"
    [found] = study(tmp_path, rule)
    assert found[0] == "W609" and told in found[3]
    other = TESTS + negative.format("event.type: x", "")
    assert [one[0] for one in study(tmp_path, rule, tests=other)] == ["W609"]
    for expected in (f"paid: {outcome}", ""):
        tests = TESTS + negative.format("event.data.total: 0", expected)
        assert study(tmp_path, rule, tests=tests) == []


def test_nothing_is_told_where_nothing_was_recorded(tmp_path):
    """That no test covers the rule is said already; a rule that is off is nobody's business."""
    assert study(tmp_path, "    when: event.x > 0\n", tests="") == []
    assert study(tmp_path, "    mode: off\n    when: event.x > 0\n") == []


def test_recorded_types_that_no_rule_takes_are_known(tmp_path):
    """For a note: that a payload leads to nothing may be meant."""
    tests = "tests:\n  - { name: t, given: a.json, expect: {} }\n"
    study(tmp_path, tests=tests, body={**BODY, "type": "invoice.void"})
    ruleset = load(tmp_path, {}).usable()
    recordings = read_recordings(ruleset, tmp_path)
    assert unheard(ruleset, recordings) == {"stripe": ("invoice.void",)}
