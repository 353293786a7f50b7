"""`patch` of a test changes one value of a recorded request and leaves the others as they are."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bridge import mapping, providers
from bridge.mapping.cases.patch import CannotPatch, patched
from bridge.mapping.rules.ruleset import NULL
from bridge.model import Request

GENERIC = providers.get("generic")


def request(body, kind):
    return Request(
        method="POST",
        target="/hooks/erp",
        headers=(("Content-Type", kind),),
        body=body,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_a_form_keeps_its_other_fields():
    """Also those that are empty, or there several times."""
    form = request(b"a=1&tag=x&tag=y&note=", "application/x-www-form-urlencoded")
    changed = patched(form, GENERIC, {"event.a": "2"})
    assert changed.body == b"a=2&tag=x&tag=y&note="


def test_a_form_has_the_values_that_senders_write():
    """Numbers and booleans as JSON writes them, a list as a field that is there several times."""
    form = request(b"a=1&b=x", "application/x-www-form-urlencoded")
    changes = {"event.a": Decimal("1.5"), "event.b": True, "event.c": ["x", 2]}
    assert patched(form, GENERIC, changes).body == b"a=1.5&b=true&c=x&c=2"


@pytest.mark.parametrize(
    ("value", "told", "help"),
    [
        (NULL, "'a' is a form field, which cannot be null", "write ''"),
        (["x", None], "'a' is a form field, which cannot be null", "write ''"),
        ({"b": "x"}, "'a' is a form field, which must be text", "write text"),
        ([["x"]], "'a' is a form field, which must be text", "write text"),
    ],
)
def test_a_form_cannot_have_every_value(value, told, help):
    """What no form carries is refused, with what to write, before a test judges a payload that nobody sends."""
    form = request(b"a=1", "application/x-www-form-urlencoded")
    with pytest.raises(CannotPatch, match=told) as caught:
        patched(form, GENERIC, {"event.a": value})
    assert caught.value.help.startswith(help)


def test_a_path_that_leads_nowhere_is_refused():
    """It would test something that the sender never sends."""
    body = request(b'{"a": {"b": 1}}', "application/json")
    with pytest.raises(ValueError, match="no 'c' on the path"):
        patched(body, GENERIC, {"event.c.d": 1})


TESTED = """version: 1
source: { name: erp, provider: generic, verify: { scheme: token, header: X, secret: { env: S } } }
rules:
  - id: r
    target: http.request
    connection: { base_url: https://a.example.com }
    fields: { method: PUT, path: /, body: { has: "{{ 'note' in event }}", note: "{{ event.note | default('none') }}" } }
tests:
  - name: a note
    given: note.json
    patch: { event.note: %s }
    expect: { r: { body: { has: %s, note: %s } } }
"""


@pytest.mark.parametrize(
    ("change", "has", "note"),
    [("!null", "true", "none"), ("null", "false", "none"), ("b", "true", "b")],
)
def test_null_deletes_and_a_tagged_null_is_a_value(tmp_path, change, has, note):
    """What a sender writes as null and what it leaves out are two payloads, and a test can ask for each."""
    (tmp_path / "note.json").write_text('{"note": "a", "other": 1}')
    text = TESTED % (change, has, note)
    ruleset = mapping.build({"a.yaml": text}, {}).usable()
    (result,) = mapping.run_cases(ruleset, tmp_path)
    assert not result.failures, result.failures


def test_null_in_a_form_is_told_at_the_patch(tmp_path):
    """The test fails with its place and what to write instead; an empty text and a plain null do what they say."""
    recording = "POST /hooks/erp HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\nnote=a&other=1"
    (tmp_path / "note.http").write_text(recording)

    def run(change, has, note):
        text = TESTED.replace("note.json", "note.http") % (change, has, note)
        ruleset = mapping.build({"a.yaml": text}, {}).usable()
        (result,) = mapping.run_cases(ruleset, tmp_path)
        return result

    (failure,) = run("!null", "true", "none").failures
    assert failure.diagnostic.code == "T501"
    assert "is a form field, which cannot be null" in failure.diagnostic.message
    assert "write ''" in failure.diagnostic.help
    assert run("''", "true", "''").passed and run("null", "false", "none").passed


def test_other_tags_are_no_values():
    """A word that only begins like it is a tag as before."""
    text = TESTED % ("!nullable", "true", "none")
    found = mapping.build({"a.yaml": text}, {}).findings
    assert "M005" in [one.code for one in found]
