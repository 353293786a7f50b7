"""What a source allows: from which networks requests come, and of which content types; on a real receiver."""

import hmac
from functools import partial
from ipaddress import ip_network

import pytest
import requests
from rawsockets import NoVendors, events
from running import SECRET, bridge, eventually, settled

from bridge.errors import NotVerified
from bridge.mapping.rules.ruleset import Allow
from bridge.receive.admission import UNKNOWN, check_network, remote
from bridge.sandbox import DEFAULT_CREDENTIALS

FORM = "application/x-www-form-urlencoded"
SOURCE = """
version: 1
source:
  name: NAME
  provider: generic
  verify: { scheme: hmac, header: X-Signature, signed: [raw], secret: { env: STRIPE_WEBHOOK_SECRET } }
  event: { id: body.id }
  allow: ALLOW
"""
SOURCES = {
    "inside": "{ networks: [127.0.0.1, 203.0.113.0/24, 2001:db8::/32] }",
    "forms": f"{{ content_types: [{FORM}] }}",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("admission")
    with bridge(folder, NoVendors, DEFAULT_CREDENTIALS) as made:
        for name, allow in SOURCES.items():
            text = SOURCE.replace("NAME", name).replace("ALLOW", allow)
            (folder / "mappings" / f"{name}.yaml").write_text(text)
        made.environ |= {"BRIDGE_TRUSTED_PROXIES": "127.0.0.1"}
        made.start("--no-worker")
        yield made


def send(running, source, id, *, content="application/json", secret=SECRET, via=None):
    """A signed post, in the body's own form; `via` is what a proxy says about who sent it."""
    sent = f"id={id}" if content == FORM else f'{{"id":"{id}"}}'
    mac = hmac.new(secret.encode(), sent.encode(), "sha256").hexdigest()
    headers = {"X-Signature": mac, "Content-Type": content}
    headers |= {"X-Forwarded-For": via} if via else {}
    url = f"{running.url}/hooks/{source}"
    return requests.post(url, data=sent, headers=headers, timeout=60)


@pytest.mark.parametrize(
    "via", [None, "203.0.113.9", "198.51.100.1, 203.0.113.9", "2001:db8::9",
            "::ffff:203.0.113.9", "203.0.113.9:443", "[2001:db8::9]:443", "[2001:db8::9]"]
)  # fmt: skip
def test_from_an_allowed_network(running, via):
    """Whoever connects from an allowed network is taken, as is whoever a trusted proxy connects for."""
    id = f"in-{via}".replace(":", "-").replace(", ", "-").strip("[")
    sending = partial(send, running, "inside", id, via=via)
    assert settled(lambda: sending().status_code) == 202


@pytest.mark.parametrize(
    "via", ["198.51.100.1", "203.0.113.9, 198.51.100.1", "2001:db9::9", "unknown",
            "198.51.100.1:443", "[2001:db9::9]:443", "203.0.113.9:443:443"]
)  # fmt: skip
def test_from_any_other_network(running, via):
    """Anybody else is refused in the words of a wrong signature, so that nobody learns which of the two it was."""
    outside = send(running, "inside", "out", via=via)
    unproven = send(running, "inside", "out", secret="another")
    nowhere = send(running, "nobody", "out")
    assert outside.status_code == unproven.status_code == nowhere.status_code == 401
    assert outside.content == unproven.content == nowhere.content
    assert "out" not in events(running)


def test_types(running):
    """T-23: a proven body of a type that is not allowed is 415; an unproven one is 401, whatever its type."""
    for id, content in (("a-form", FORM), ("too", f"{FORM}; charset=utf-8")):
        sending = partial(send, running, "forms", id, content=content)
        assert settled(lambda: sending().status_code) == 202
    refused = send(running, "forms", "some-json")
    assert (refused.status_code, FORM in refused.json()["error"]) == (415, True)
    assert send(running, "forms", "some-json", secret="another").status_code == 401
    assert "some-json" not in events(running)


def test_refusals_are_counted_by_their_cause(running):
    """Metrics tell requests from outside from those without a proof, and from those of another type."""
    send(running, "inside", "counted", via="198.51.100.1")
    send(running, "forms", "counted")
    wanted = [
        'bridge_hook_requests_total{result="network",source="inside"}',
        'bridge_hook_requests_total{result="content_type",source="forms"}',
    ]

    def counted():
        url = f"http://127.0.0.1:{running.admin_port}/metrics"
        text = requests.get(url, timeout=60).text
        return all(line in text for line in wanted)

    assert eventually(counted)


def test_proxies_are_trusted_in_either_spelling():
    """A socket that listens on IPv6 writes IPv4 addresses as ::ffff:…; networks of IPv4 hold them all the same."""
    environ = {"REMOTE_ADDR": "::ffff:10.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    assert remote(environ, [ip_network("10.0.0.0/8")]) == "203.0.113.9"
    inside = Allow(networks=(ip_network("10.0.0.0/8"),))
    check_network(inside, remote({"REMOTE_ADDR": "::ffff:10.0.0.1"}, []))
    with pytest.raises(NotVerified):
        check_network(inside, remote({"REMOTE_ADDR": "::ffff:11.0.0.1"}, []))


@pytest.mark.parametrize(
    "hop, address",
    [
        ("203.0.113.9:443", "203.0.113.9"),
        ("2001:DB8:0::9", "2001:db8::9"),
        ("[2001:db8::9]:443", "2001:db8::9"),
        ("fe80::1%" + "a" * 100, "fe80::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown", UNKNOWN),
        ("x" * 4_000, UNKNOWN),
        ("203.0.113.9 ", "203.0.113.9"),
        ("203.0.113.9:", UNKNOWN),
        ("[203.0.113.9]x", UNKNOWN),
        ("2001:db8::9:443:1:2:3:4:5", UNKNOWN),
    ],
)
def test_an_address_is_written_one_way(hop, address):
    """What is kept of a refusal is an address, without port, zone or other text that its column could not hold."""
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": hop}
    assert remote(environ, [ip_network("10.0.0.0/8")]) == address


def test_proxies_with_ports_are_looked_behind():
    """A chain of trusted proxies that write ports is followed to who is behind them, and no further."""
    chain = "192.0.2.1, 203.0.113.9:5, 10.0.0.2:80, [::ffff:10.0.0.3]:80"
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": chain}
    assert remote(environ, [ip_network("10.0.0.0/8")]) == "203.0.113.9"
    assert remote({}, [ip_network("10.0.0.0/8")]) == UNKNOWN
