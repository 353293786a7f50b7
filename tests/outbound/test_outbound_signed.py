"""Credentials that sign the query of a call: what leaves, and that nobody keeps or shows it."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from bridge import mapping
from bridge.errors import MissingSecret
from bridge.model import Call, Connection, Event, SecretRef
from bridge.outbound import resolve_target
from bridge.services.curl import url_of

KEY, SECRET = "1F90971E-8276-4713-97FF-2BLF5091EE3B", "invented-secret-442"
TOKEN = "33373581FC32576FAF33C46FC6454B1FFEBD7E1H"
# printf 'apiKey<KEY>token<TOKEN>' | openssl dgst -sha256 -hmac '<SECRET>'
PROOF = "74637fa2d0d702aa1c4699fc802f79bc7ae88cdd2749743b0466d02ddfce9589"
ENVIRON = {"FLOW_KEY": KEY, "FLOW_SECRET": SECRET}
ASKED = Call(method="GET", path="/payment/getStatus", query=(("token", TOKEN),))


def flow(base_url):
    parts = {
        name: SecretRef(kind="env", name=f"FLOW_{name.upper()}")
        for name in ("key", "secret")
    }
    return Connection(
        name="flow",
        vendor="http",
        options={"base_url": base_url},
        auth={"signed_query": parts},
    )


def test_query_leaves_with_key_and_proof(serve, outbound):
    """Names and values, sorted by name, with nothing between them: as openssl signs them."""
    server = serve()
    target = resolve_target(flow(server.target().base_url), ENVIRON)
    assert outbound.send(ASKED, target).status == 200
    line = server.requests[0].split(b"\r\n")[0].decode().split(" ")[1]
    assert dict(parse_qsl(urlsplit(line).query)) == {
        "token": TOKEN,
        "apiKey": KEY,
        "s": PROOF,
    }


def test_secrets_are_taken_out_of_the_answer(serve, outbound):
    """A vendor's error page may repeat the question."""
    body = f'{{"you sent": "{KEY}"}}'.encode()
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(body)
    server = serve(head + body)
    reply = outbound.send(
        ASKED, resolve_target(flow(server.target().base_url), ENVIRON)
    )
    assert KEY.encode() not in reply.body and b"<secret>" in reply.body


def test_repr_shows_neither(serve):
    """A target may end up in a traceback."""
    shown = repr(resolve_target(flow("https://flow.example.com"), ENVIRON))
    assert KEY not in shown and SECRET not in shown


def test_secret_that_is_not_set_is_missing():
    """As with any other credential, before anything is sent."""
    with pytest.raises(MissingSecret):
        resolve_target(flow("https://flow.example.com"), {"FLOW_KEY": KEY})


def test_curl_shows_where_they_stand_and_not_what_they_are():
    """`bridge try` shows the call as it leaves, but for every secret."""
    text = """version: 1
source:
  name: flow
  provider: generic
  verify: { scheme: token, path: token, secret: { env: T } }
rules:
  - id: asks
    target: http.request
    connection: { base_url: https://www.flow.cl/api }
    auth: { signed_query: { key: { env: FLOW_KEY }, secret: { env: FLOW_SECRET } } }
    ordering: { stale: send }
    fields: { method: GET, path: /x, query: { token: abc } }
"""
    ruleset = mapping.build({"flow.yaml": text}, {}).usable()
    now = datetime.now(UTC)
    event = Event(
        source="flow",
        event_id="1",
        type="x",
        occurred_at=now,
        received_at=now,
        payload={},
        headers={},
    )
    [decision] = mapping.route(event, ruleset)
    url = url_of(decision.rendered[0], ruleset.rules[0].options)
    assert url == "https://www.flow.cl/api/x?token=abc&apiKey=<secret>&s=<secret>"
