"""Checks of the URL and answers of a sender's own protocol, through data files of their shapes."""

import hashlib
import hmac

import pytest
from provider_cases import NOW

from bridge import providers
from bridge.model import Request
from bridge.secret import Secret

HEAD = "title: T\ndocs: D\nevidence: E\nverify: {scheme: hmac, header: X-Sig}\n"
FILES = {
    "meta": """
handshake:
  when: {method: GET, query.hub.mode: subscribe}
  token: query.hub.verify_token
  text: query.hub.challenge
""",
    "slack": """
handshake:
  when: {body.type: url_verification}
  json: {challenge: body.challenge}
""",
    "zoom": """
handshake:
  when: {body.event: endpoint.url_validation}
  json: {plainToken: body.payload.plainToken, encryptedToken: {hmac: body.payload.plainToken}}
""",
    "asana": """
handshake:
  when: {method: POST}
  headers: {X-Hook-Secret: header.X-Hook-Secret}
""",
    "sepay": """
answer:
  accepted: {status: 200, type: application/json, body: '{"success": true}'}
  duplicate: {status: 200, body: again}
""",
}
SECRETS = [Secret("one"), Secret("two")]


@pytest.fixture
def shapes(tmp_path):
    for name, text in FILES.items():
        (tmp_path / f"{name}.yaml").write_text(HEAD + text)
    return providers.load(tmp_path)


def request(method="POST", target="/hooks/x", body=b"", **headers):
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(
        method=method, target=target, headers=named, body=body, received_at=NOW
    )


def test_a_query_challenge_is_echoed_to_who_knows_the_token(shapes):
    """Meta's shape: the token is one of the source's secrets; without it there is no echo."""
    target = "/hooks/x?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    found = providers.handshake(shapes["meta"], request("GET", target + "two"), SECRETS)
    assert (found.status, found.body) == (200, b"1158201444")
    assert found.headers == (("Content-Type", "text/plain; charset=utf-8"),)
    for odd in (
        target + "three",
        target,
        target + "two&hub.verify_token=two",
        "/hooks/x",
    ):
        assert providers.handshake(shapes["meta"], request("GET", odd), SECRETS) is None
    assert (
        providers.handshake(shapes["meta"], request("POST", target + "two"), SECRETS)
        is None
    )


def test_a_token_of_its_own_is_what_the_sender_shows(shapes):
    """Where the source has a token, no secret is taken for it: URLs stand in logs, secrets must not."""
    target = "/hooks/x?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    for shown, token, answered in [
        ("mine", "mine", True),
        ("two", "mine", False),
        ("", "mine", False),
        ("mine", None, False),
    ]:
        found = providers.handshake(
            shapes["meta"],
            request("GET", target + shown),
            SECRETS,
            Secret(token) if token else None,
        )
        assert (found is not None) == answered


def test_a_token_that_is_no_text_is_compared_as_it_is(shapes):
    """An environment variable may hold any bytes: a sender who shows others is not answered, and no error either."""
    target = "/hooks/x?hub.mode=subscribe&hub.challenge=1&hub.verify_token=x"
    token = Secret("t\udcff")
    asked = request("GET", target)
    assert providers.handshake(shapes["meta"], asked, SECRETS, token) is None


def test_a_body_challenge_is_echoed_as_json(shapes):
    """Slack's shape."""
    body = b'{"type": "url_verification", "challenge": "3eZbrw1aB"}'
    found = providers.handshake(shapes["slack"], request(body=body), SECRETS)
    assert found.body == b'{"challenge":"3eZbrw1aB"}'
    assert found.headers == (("Content-Type", "application/json"),)


@pytest.mark.parametrize(
    "challenge", ['""', '"a b"', '"<b>\\u0000"', "5", "null", "{}", f'"{"x" * 513}"']
)
def test_only_short_plain_text_is_echoed(shapes, challenge):
    """The echo goes to somebody unproven, so it is no place to put anything."""
    body = b'{"type": "url_verification", "challenge": %s}' % challenge.encode()
    assert providers.handshake(shapes["slack"], request(body=body), SECRETS) is None


def test_a_keyed_hash_is_made_of_tokens_only(shapes):
    """Zoom's shape; what could be a signed message, with its colons and braces, is never hashed for a stranger."""
    body = b'{"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}'
    found = providers.handshake(shapes["zoom"], request(body=body), SECRETS)
    proof = hmac.new(b"one", b"qgg8vlvZRS6UYooatFL8Aw", hashlib.sha256).hexdigest()
    assert (
        found.body
        == b'{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"%s"}'
        % proof.encode()
    )
    forged = body.replace(b"qgg8vlvZRS6UYooatFL8Aw", b"v0:1775044800:{}")
    assert providers.handshake(shapes["zoom"], request(body=forged), SECRETS) is None


def test_a_header_is_echoed_as_a_header(shapes):
    """Asana's shape: the same header back, once, and an empty body."""
    found = providers.handshake(shapes["asana"], request(X_Hook_Secret="abc"), SECRETS)
    assert found.headers[0] == ("X-Hook-Secret", "abc") and found.body == b""
    assert providers.handshake(shapes["asana"], request(), SECRETS) is None
    assert (
        providers.handshake(
            shapes["asana"], request(X_Hook_Secret="a\r\nb: c"), SECRETS
        )
        is None
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100])
def test_what_cannot_be_read_is_no_handshake(shapes, body):
    """An unreadable body goes the usual way and fails there."""
    assert providers.handshake(shapes["slack"], request(body=body), SECRETS) is None
    assert (
        providers.handshake(providers.get("stripe"), request(body=body), SECRETS)
        is None
    )


def test_answers_are_the_providers_own_or_none(shapes):
    """Only a protocol that asks for its own words overrides the bridge's answer."""
    accepted = providers.answer(shapes["sepay"], "accepted")
    assert (accepted.status, accepted.body) == (200, b'{"success": true}')
    assert accepted.headers == (("Content-Type", "application/json"),)
    assert providers.answer(shapes["sepay"], "duplicate").body == b"again"
    assert providers.answer(shapes["sepay"], "refused") is None
    assert providers.answer(providers.get("stripe"), "accepted") is None
