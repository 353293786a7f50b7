"""`verify.token`: by what a sender checks the URL, apart from what it signs with."""

import pytest

from bridge.mapping import build
from bridge.model import SecretRef

RULES = """version: 1
source: {{ name: it, provider: {provider}, verify: {{ secret: {{ env: S }}{token} }} }}
rules:
  - id: one
    mode: off
    target: http.request
    connection: {{ base_url: https://example.com }}
    fields: {{ method: POST, path: /a }}
"""


def loaded(provider, token=""):
    return build({"a.yaml": RULES.format(provider=provider, token=token)}, {})


def test_a_token_is_a_reference_beside_the_secret():
    """It is known as a secret that must be set, and is none that signs."""
    found = loaded("meta", ", token: { env: T }")
    source = found.ruleset.sources["it"]
    token = SecretRef(kind="env", name="T")
    assert source.token == token and token not in source.secrets
    assert token in found.ruleset.references
    assert loaded("meta").ruleset.sources["it"].token is None


@pytest.mark.parametrize(
    ("provider", "token", "code", "said"),
    [
        ("meta", ", token: hush", "A401", "'token' is written into the file"),
        (
            "stripe",
            ", token: { env: T }",
            "M102",
            "does not check the URL with a token",
        ),
    ],
)
def test_a_token_that_is_shown_or_never_asked_for_is_an_error(
    provider, token, code, said
):
    """A token in the file would be committed; one that nobody asks for would make somebody feel safe."""
    finding = loaded(provider, token).findings[0]
    assert finding.code == code and said in finding.message
