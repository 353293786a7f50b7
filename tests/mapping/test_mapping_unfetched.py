"""W612: a source without `fetch`, where the sender names objects by id alone."""

import pytest

from bridge import providers
from bridge.mapping import build
from bridge.mapping.findings.diagnostics import full

MAPPING = """version: 1
source:
  name: shop
  provider: {provider}
  verify: {{ secret: {{ env: S }} }}{more}
rules:
  - id: one
    mode: {mode}
    target: http.request
    connection: {{ base_url: https://example.com }}
    fields: {{ method: POST, path: /a }}
tests: [{{ name: a, given: a.json{fetched}, expect: {{ one: {{ method: POST }} }} }}]
"""
FETCH = """
  fetch:
    target: http.request
    connection: { base_url: https://example.com }
    fields: { method: GET, path: /a }"""


def found(provider="nuvemshop", more="", mode="live", fetched=""):
    text = MAPPING.format(provider=provider, more=more, mode=mode, fetched=fetched)
    return [full(one) for one in build({"a.yaml": text}, {}).findings]


def test_a_source_that_looks_nothing_up_is_a_warning_at_its_name():
    """With the name underlined, and both ways out."""
    [finding] = found()
    assert finding.splitlines() == [
        "a.yaml:3:9: warning[W612] source 'shop' has no look-up, but events of nuvemshop contain only ids",
        "  |",
        "3 |   name: shop",
        "  |         ^^^^",
        "  = help: write fetch: in the source, or event: { thin: false } if the ids are enough",
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"more": FETCH, "fetched": ", fetched: { a: 1 }"},
        {"more": "\n  event: { thin: false }"},
        {"provider": "stripe"},
        {"mode": "off"},
    ],
)
def test_no_warning_where_there_is_nothing_to_see(said):
    """It is looked up, the ids are enough, the sender tells all, or no rule hears of it."""
    assert not [one for one in found(**said) if "W612" in one]


def test_a_look_up_with_an_error_is_no_second_finding():
    """The source does look up, once what is wrong with it is corrected."""
    [finding] = found(
        more=FETCH.replace("GET", "DELETE"), fetched=", fetched: { a: 1 }"
    )
    assert "M102" in finding


def test_thin_is_true_or_false():
    """Text is not taken for either."""
    [finding] = found(more='\n  event: { thin: "no" }')
    assert "'event.thin' needs true or false" in finding


def test_the_thin_senders():
    """Whose pages say that the object has to be looked up, for every kind of event."""
    known = {name for name in providers.names() if providers.get(name).event.thin}
    assert known == {
        *(
            "asana",
            "gocardless",
            "mercadopago",
            "microsoft-graph",
            "notion",
            "nuvemshop",
        )
    }
