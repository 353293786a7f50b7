"""Keys that senders publish at an address: fetched, kept, renewed, and never more often than is bounded."""

import base64
import json
from importlib import import_module
from ipaddress import ip_network
from socket import create_server
from time import time
from types import SimpleNamespace

import pytest
from fronts import RULES, set_secrets
from pages import serving
from structlog.testing import capture_logs

from bridge.app import hooks_app
from bridge.providers import asymmetric
from bridge.receive import keyring as room
from bridge.services.parts import Parts
from bridge.services.rulesets import Rules
from bridge.settings import Settings

LOOPBACK = (ip_network("127.0.0.0/8"),)
BY_TOKEN = """
version: 1
source:
  name: x
  provider: generic
  verify: {{ scheme: jwt, algorithm: {algorithm}, keys: {{ url: "{url}/keys" }} }}
  event: {{ id: body.id }}
"""
BY_CERTIFICATE = """
version: 1
source:
  name: x
  provider: generic
  verify:
    {{ scheme: asymmetric, algorithm: ed25519, header: X-Sig, keys: {{ from: header.X-Cert-Url, hosts: ["{host}"] }} }}
  event: {{ id: body.id }}
"""


def url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def pair(algorithm="RS256", kid="k1"):
    """A private key in PEM, its public key in PEM, and as a JSON Web Key."""
    private, public = asymmetric.made(algorithm)
    form = import_module("cryptography.hazmat.primitives.serialization")
    key = form.load_pem_public_key(public.encode())
    if algorithm == "ed25519":
        raw = key.public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
        web = {"kty": "OKP", "crv": "Ed25519", "x": url64(raw)}
    elif algorithm == "ES256":
        numbers = key.public_numbers()
        x, y = (url64(one.to_bytes(32, "big")) for one in (numbers.x, numbers.y))
        web = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    else:
        numbers = key.public_numbers()
        n = url64(numbers.n.to_bytes(256, "big"))
        web = {"kty": "RSA", "e": "AQAB", "n": n}
    return SimpleNamespace(private=private, public=public, web={**web, "kid": kid})


@pytest.fixture(scope="module")
def key():
    return pair()


@pytest.fixture(scope="module")
def other():
    return pair(kid="k2")


def token(key, kid="k1", algorithm="RS256", **claims):
    head = {"alg": algorithm, **({"kid": kid} if kid is not None else {})}
    said = {"iat": int(time()), **claims}
    text = ".".join(url64(json.dumps(one).encode()) for one in (head, said)).encode()
    if algorithm == "RS256":
        made = asymmetric.signed("rsa-sha256", key.private.encode(), text)
    else:
        made = asymmetric.plain(
            asymmetric.signed("ecdsa-p256", key.private.encode(), text)
        )
    return f"{text.decode()}.{url64(made)}"


def key_set(*keys):
    return json.dumps({"keys": [one.web for one in keys]}).encode()


@pytest.fixture
def server():
    """Where keys are published."""
    with serving() as found:
        yield found


@pytest.fixture
def front(sqlite, tmp_path, monkeypatch, server):
    """A client of a receiver whose source `x` is the text; the server's address is filled in."""
    set_secrets(monkeypatch)
    monkeypatch.setenv("SENDER", "of-the-sender")

    def made(text, networks=LOOPBACK, proxy=None, **values):
        values = {"algorithm": "RS256", **values}
        text = text.format(url=server.url, host=server.host, **values)
        (tmp_path / "x.yaml").write_text(text + RULES)
        settings = Settings(allowed_networks=networks, proxy=proxy)
        rules = Rules(sqlite, tmp_path)
        parts = Parts(settings=settings, database=sqlite, rules=rules)
        return hooks_app(parts).test_client()

    return made


def post(client, body=b'{"id":"1"}', **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/hooks/x", data=body, headers=named).status_code


def bearing(client, token, body=b'{"id":"1"}'):
    return post(client, body, Authorization=f"Bearer {token}")


def test_keys_are_fetched_through_the_egress_proxy(front):
    """Where calls may leave by BRIDGE_PROXY alone, what a sender publishes is asked for by that way as well."""
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = front(
        BY_CERTIFICATE.replace("{host}", "keys.example.com"),
        networks=(),
        proxy=f"http://127.0.0.1:{port}",
    )
    url = "https://keys.example.com/certificate"
    with capture_logs() as lines:
        assert post(client, X_Sig="AAAA", X_Cert_Url=url) == 503
    (said,) = (one["error"] for one in lines if one["event"] == "keys not fetched")
    assert said.startswith("cannot reach the proxy of BRIDGE_PROXY")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.parametrize("kid", ["k1", None])
def test_a_token_is_proven_by_a_published_key(front, server, sqlite, algorithm, kid):
    """The key set is fetched once; a token of any of its keys is taken, one of another key is not."""
    mine, foreign = pair(algorithm), pair(algorithm)
    server.pages["/keys"] = (200, key_set(pair("ed25519", "k0"), mine))
    client = front(BY_TOKEN, algorithm=algorithm)
    assert bearing(client, token(mine, kid, algorithm)) == 202
    assert bearing(client, token(mine, kid, algorithm), b'{"id":"2"}') == 202
    assert bearing(client, token(foreign, kid, algorithm)) == 401
    assert server.asked == {"/keys": 1}


def test_a_new_key_is_found_and_unknown_ones_make_no_flood(
    front, server, key, other, monkeypatch
):
    """An unknown key id has the set fetched again, but once in a while, however many ids a stranger makes up."""
    server.pages["/keys"] = (200, key_set(key))
    client = front(BY_TOKEN)
    assert bearing(client, token(key)) == 202
    for made_up in range(20):
        assert bearing(client, token(other, f"made-up-{made_up}")) == 401
    assert server.asked["/keys"] == 1
    monkeypatch.setattr(room, "PAUSE", 0.0)
    server.pages["/keys"] = (200, key_set(key, other))
    assert bearing(client, token(other, "k2"), b'{"id":"2"}') == 202
    assert server.asked["/keys"] == 2
    assert bearing(client, token(key), b'{"id":"3"}') == 202
    assert server.asked["/keys"] == 2


@pytest.mark.parametrize(
    "page",
    [
        (500, b""),
        (200, b""),
        (200, b"<html>"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": {}}'),
        (200, b"[" * 100_000),
        (200, b'{"a":1,"a":1}'),
        (200, json.dumps({"keys": [{"kty": "RSA"}] * 101}).encode()),
        (200, b" " * (2**20 + 1)),
        (302, b"http://127.0.0.1:1/keys"),
        (404, b""),
    ],
    ids=lambda page: f"{page[0]}-{page[1][:8]!r}-{len(page[1])}",
)
def test_without_keys_the_sender_is_asked_to_come_again(front, server, key, page):
    """A key set that cannot be had or read is nobody's proof and no refusal: 503, and not a fetch at each request."""
    server.pages["/keys"] = page
    client = front(BY_TOKEN)
    assert bearing(client, token(key)) == 503
    assert bearing(client, token(key)) == 503
    assert server.asked["/keys"] == 1


def test_the_policy_of_calls_holds_for_keys(front, server, key):
    """Where calls may not go keys are not fetched from, either."""
    server.pages["/keys"] = (200, key_set(key))
    assert bearing(front(BY_TOKEN, networks=()), token(key)) == 503
    assert not server.asked


@pytest.mark.parametrize("form", ["pem", "certificate", "chain", "web"])
def test_a_key_at_an_address_that_the_request_names(front, server, form):
    """The address is the request's word, its host the source's: PayPal's and Amazon's shape."""
    mine = pair("ed25519")
    pages = {
        "pem": mine.public.encode(),
        "certificate": certificate(mine.private),
        "chain": certificate(mine.private) + certificate(pair("ed25519").private),
        "web": json.dumps(mine.web).encode(),
    }
    server.pages["/cert?v=1"] = (200, pages[form])
    client = front(BY_CERTIFICATE)
    body = b'{"id":"1"}'
    made = asymmetric.signed("ed25519", mine.private.encode(), body)
    named = {
        "X_Sig": base64.b64encode(made).decode(),
        "X_Cert_Url": f"{server.url}/cert?v=1",
    }
    assert post(client, body, **named) == 202
    assert post(client, b'{"id":"2"}', **named) == 401
    assert server.asked == {"/cert?v=1": 1}


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:{port}/cert",
        "http://127.0.0.1/cert",
        "http://{host}@evil.example/cert",
        "http://evil.example#{host}",
        "http://evil.example\\@{host}/cert",
        "http://{host}.evil.example/cert",
        "ftp://{host}/cert",
        "//{host}/cert",
        "http://{host}/ce rt",
        "http://{host}/cert\u00e9",
        "",
    ],
)
def test_an_address_at_another_host_is_not_asked(front, server, url):
    """A stranger's own key proves nobody, however its address is dressed up."""
    mine = pair("ed25519")
    server.pages["/cert"] = (200, mine.public.encode())
    client = front(BY_CERTIFICATE)
    made = asymmetric.signed("ed25519", mine.private.encode(), b'{"id":"1"}')
    address = url.format(host=server.host, port=server.host.partition(":")[2])
    sent = {"X_Sig": base64.b64encode(made).decode(), "X_Cert_Url": address}
    assert post(client, **sent) == 401
    assert not server.asked


def test_an_address_where_nothing_is_proves_nobody(front, server):
    """A made-up address is refused like a wrong signature, and asked once."""
    client = front(BY_CERTIFICATE)
    for _ in range(3):
        sent = {"X_Sig": "AAAA", "X_Cert_Url": f"{server.url}/none"}
        assert post(client, **sent) == 401
    assert server.asked == {"/none": 1}


def certificate(private) -> bytes:
    form = import_module("cryptography.hazmat.primitives.serialization")
    x509 = import_module("cryptography.x509")
    dates = import_module("datetime")
    key = form.load_pem_private_key(private.encode(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    day = dates.datetime(2020, 1, 1)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day)
    return built.sign(key, None).public_bytes(form.Encoding.PEM)
