"""`patch` of a test changes one value of a recorded request and leaves the others as they are."""

from datetime import UTC, datetime

import pytest

from bridge import mapping, providers
from bridge.mapping.patch import patched
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


def test_a_path_that_leads_nowhere_is_refused():
    """It would test something that the sender never sends."""
    body = request(b'{"a": {"b": 1}}', "application/json")
    with pytest.raises(ValueError, match="nothing at 'c'"):
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


def test_other_tags_are_no_values():
    """A word that only begins like it is a tag as before."""
    text = TESTED % ("!nullable", "true", "none")
    found = mapping.build({"a.yaml": text}, {}).findings
    assert "M005" in [one.code for one in found]
