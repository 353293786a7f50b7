"""Two rules that set one field of one ticket for one event: told where it is sure, and not where they may be apart."""

import pytest

from bridge.mapping import build
from bridge.mapping.reading.overlaps import _have_common

HEAD = """version: 1
source: { name: stripe, verify: { secret: { env: S } } }
connections:
  vambe: { vendor: vambe, auth: { api_key: { env: V } } }
  other: { vendor: vambe, base_url: https://test.example.com, auth: { api_key: { env: V } } }
rules:
"""
RULE = """  - id: {id}
    events: [invoice.paid]
    let: {{ inv: "{{{{ event.data.object }}}}" }}
    target: vambe.update_amount
    connection: vambe
    fields:
      ticket_id: "{{{{ inv.ticket | uuid }}}}"
      amount: "{{{{ inv.{id} }}}}"
"""
FIRST, SECOND = RULE.format(id="one"), RULE.format(id="two")


def found(second, first=FIRST):
    findings = build({"a.yaml": HEAD + first + second}, {}).findings
    return [one for one in findings if one.code != "W601"]


def test_the_later_rule_is_told_at_its_field():
    """With the first rule's name and place, since both must be looked at."""
    [warning] = found(SECOND)
    assert (warning.code, warning.place.line, warning.severity) == (
        "W605",
        22,
        "warning",
    )
    assert warning.message.startswith("rule 'one' sets 'amount' of the same ticket")
    assert "a.yaml:7" in warning.help


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[invoice.paid]", "[invoice.*]"),
        ("[invoice.paid]", "[x, '*.paid']"),
        ("    events: [invoice.paid]\n", ""),
        ("    target", "    when: inv.total > 0\n    target"),
        (
            "connection: vambe\n",
            "connection: vambe\n    auth: { api_key: { env: W } }\n",
        ),
        ("inv.two", "inv.one"),  # the same call twice
    ],
)
def test_rules_that_surely_meet_are_told(old, new):
    """By patterns, by a condition that only one has, under other credentials, and when they are copies."""
    assert old in SECOND
    assert [one.code for one in found(SECOND.replace(old, new))] == ["W605"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[invoice.paid]", "[invoice.failed]"),
        ("inv.ticket", "inv.second_ticket"),
        ("event.data.object", "event.data.previous"),  # what inv stands for
        ("connection: vambe", "connection: other"),
        ("    target", "    mode: shadow\n    target"),
        ("update_amount", "update_metadata"),
        ("ticket_id:", "ai_contact_id:"),
    ],
)
def test_rules_that_may_be_apart_are_not_told(old, new):
    """Other events, another ticket, another tenant, another operation, or a rule that sends nothing."""
    assert old in SECOND
    assert "W605" not in [one.code for one in found(SECOND.replace(old, new))]


def test_conditions_that_differ_tell_rules_apart():
    """Only the same condition on both is no difference."""
    positive = "    when: inv.total > 0\n    target"
    other = "    when: inv.total < 0\n    target"
    first = FIRST.replace("    target", positive)
    assert found(SECOND.replace("    target", other), first) == []
    again = found(SECOND.replace("    target", positive), first)
    assert [one.code for one in again] == ["W605"]


def test_fields_that_are_equal_or_add_up_are_not_contested():
    """The same value from both, and a comment that each adds, undo nothing."""
    head = HEAD.replace(
        "rules:\n",
        "  k: { vendor: kapture, subdomain: a, auth: { basic_token: { env: K } } }\nrules:\n",
    )
    rule = (
        "  - {{ id: {}, target: kapture.update_ticket, connection: k, "
        "fields: {{ ticket_id: T, sub_status: PS, {} }} }}\n"
    )
    one, two = rule.format("one", "comment: a"), rule.format("two", "comment: b")
    codes = [found.code for found in build({"a.yaml": head + one + two}, {}).findings]
    assert "W605" not in codes


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a.*", "a.b", True),
        ("a.b", "a.*", True),
        ("a.*", "b.*", False),
        ("a.*", "*.b", True),
        ("a*x", "ab*y", False),
        ("*", "*", True),
        ("a*b*c", "a*d*c", True),
        ("a*c", "ab", False),
    ],
)
def test_patterns_meet_where_a_text_fits_both(one, other, meet):
    """Two patterns are compared by their ends: what is between finds room."""
    assert _have_common(one, other) is meet
