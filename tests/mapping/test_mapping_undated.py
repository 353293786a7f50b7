"""W610: a key that goes by the time of an event, where the sender gives its events none."""

import pytest

from bridge.mapping import build
from bridge.mapping.findings.diagnostics import full

RULES = """version: 1
source: {{ name: {source}, provider: {provider}, verify: {{ secret: {{ env: S }} }}{event} }}
rules:
  - id: one
    mode: off
    target: http.request
    connection: {{ base_url: https://example.com }}
    fields: {{ method: POST, path: /a }}
    {key}
"""
STALE = "ordering: { stale: skip }"
GENERIC = "{ scheme: hmac, header: X-S, secret: { env: S } }"


def found(key, provider="getfly", event=""):
    text = RULES.format(source="it", provider=provider, key=key, event=event)
    if provider == "generic":
        text = text.replace("{ secret: { env: S } }", GENERIC, 1)
    loaded = build({"a.yaml": text}, {})
    assert loaded.ruleset is not None, loaded.findings
    return [full(one) for one in loaded.findings]


@pytest.mark.parametrize(
    ("key", "column", "said", "under"),
    [
        ("max_event_age: 2h", 5, "'max_event_age'", "^^^^^^^^^^^^^"),
        (STALE, 17, "'ordering.stale'", "^^^^^"),
        ("ordering: { at: meta.occurred_at }", 17, "'ordering.at'", "^^"),
        ("ordering: { at: meta.occurred_at, stale: skip }", 17, "'ordering.at'", "^^"),
    ],
)
def test_a_key_that_does_nothing_is_a_warning_at_its_place(key, column, said, under):
    """With what is wrong, the key underlined, and what to write instead."""
    [finding] = found(key)
    first, _, shown, caret, help = finding.splitlines()
    assert first == (
        f"a.yaml:9:{column}: warning[W610] {said} does nothing: events of getfly have no time of their own"
    )
    assert shown.endswith(key) and caret.split() == ["|", under]
    assert help.startswith("  = help: ") and help.endswith(
        ("in the source", "and | parse_date")
    )


@pytest.mark.parametrize(
    ("key", "provider", "event"),
    [
        ("description: any", "getfly", ""),
        ("ordering: { stale: send }", "getfly", ""),
        ("ordering: { at: event.t | parse_date, stale: skip }", "getfly", ""),
        (STALE, "stripe", ""),
        ("max_event_age: 2h", "stripe", ""),
        (STALE, "generic", ", event: { id: body.id, time: body.at }"),
    ],
)
def test_a_key_that_has_its_time_is_none(key, provider, event):
    """The sender's time, or one that the rule names; a default that does nothing surprises nobody."""
    assert found(key, provider, event) == []
