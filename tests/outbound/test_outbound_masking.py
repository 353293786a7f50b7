"""Answers that repeat our credentials are masked before anybody else sees them."""

import base64

import pytest

from bridge.model import Connection, Reply, SecretRef
from bridge.outbound import resolve_target
from bridge.outbound.masking import masked

KEY = 'k3y-with-"quote"-and-é'


def answer(body):
    return Reply(status=400, headers={}, body=body, elapsed=0.1)


@pytest.mark.parametrize(
    "body",
    [
        f"bad key {KEY}".encode(),
        b'{"error":"bad key k3y-with-\\"quote\\"-and-\xc3\xa9"}',
    ],
)
def test_secret_is_masked_in_every_spelling(body):
    """As plain text and as JSON text, the secret is gone and the rest stays."""
    shown = masked(answer(body), [KEY]).body
    assert b"k3y" not in shown and b"<secret>" in shown and b"bad key" in shown


def test_answer_without_a_secret_is_untouched():
    """Nothing is changed where nothing must be hidden, and short values hide nothing."""
    given = answer(b'{"status":"ok"}')
    assert masked(given, [KEY, "ok"]) is given


def test_longer_secret_is_masked_whole():
    """A secret that contains another one leaves no rest."""
    assert (
        masked(answer(b"secret-one-two"), ["secret-one", "secret-one-two"]).body
        == b"<secret>"
    )


@pytest.mark.parametrize(
    ("vendor", "auth", "hidden"),
    [
        ("vambe", {"api_key": SecretRef(kind="env", name="KEY")}, ["canary-key"]),
        (
            "http",
            {
                "basic": {
                    "username": "me",
                    "password": SecretRef(kind="env", name="KEY"),
                }
            },
            ["canary-key", base64.b64encode(b"me:canary-key").decode()],
        ),
        (
            "http",
            {
                "oauth2": {
                    "token_url": "https://example.com/token",
                    "client_id": "me",
                    "client_secret": SecretRef(kind="env", name="KEY"),
                }
            },
            ["canary-key"],
        ),
    ],
)
def test_target_knows_what_must_be_hidden(vendor, auth, hidden):
    """Each scheme's secret, and what its header makes of it, is among the target's secrets; static headers are not."""
    options = {"base_url": "https://example.com", "headers": {"x-api-type": "TICKET"}}
    connection = Connection(name="c", vendor=vendor, options=options, auth=auth)
    target = resolve_target(connection, {"KEY": "canary-key"})
    assert target.secrets >= set(hidden)
    assert "TICKET" not in target.secrets
    assert "canary" not in repr(target)
