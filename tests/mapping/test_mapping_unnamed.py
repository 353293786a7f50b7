"""W615: a source of one's own that does not say what tells its sender's repetitions from new events."""

import pytest

from bridge.mapping import build
from bridge.mapping.findings.diagnostics import full

MAPPING = """version: 1
source:
  name: erp
  provider: {provider}
  verify: {verify}{event}
rules:
  - id: one
    target: http.request
    connection: {{ base_url: https://example.com }}
    fields: {{ method: POST, path: /a }}
tests: [{{ name: a, given: a.json, expect: {{ one: {{ method: POST }} }} }}]
"""
GENERIC = "{ scheme: token, header: X-T, secret: { env: S } }"


def found(event="", provider="generic", verify=GENERIC):
    text = MAPPING.format(provider=provider, verify=verify, event=event)
    return [full(one) for one in build({"a.yaml": text}, {}).findings]


def test_a_source_without_an_id_is_a_warning_with_the_three_ways_out():
    """At its name, where nothing of its events is said."""
    [finding] = found()
    assert finding.splitlines() == [
        "a.yaml:3:9: warning[W615] event.id is missing: what this sender sends again counts as a new event",
        "  |",
        "3 |   name: erp",
        "  |         ^^^",
        "  = help: name the field that identifies an event: event: { id: body.NAME }, or { id: each }"
        " or { id: hash }",
    ]


def test_the_warning_stands_where_the_id_belongs():
    """At `event`, where there is one."""
    [finding] = found("\n  event: { type: body.kind }")
    assert finding.startswith("a.yaml:6:3: warning[W615]")


@pytest.mark.parametrize(
    "said",
    [
        {"event": "\n  event: { id: body.id }"},
        {"event": "\n  event: { id: each }"},
        {"event": "\n  event: { id: hash }"},
        {"provider": "grafana", "verify": "{ secret: { env: S } }"},
    ],
)
def test_no_warning_where_it_is_said(said):
    """A field, either word, or a sender whose data file knows."""
    assert found(**said) == []
