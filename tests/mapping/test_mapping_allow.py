"""`allow` of a source: what it says, and each mistake with what to write instead."""

from ipaddress import ip_network

import pytest

from bridge.mapping import build
from bridge.mapping.ruleset import Allow

FILE = """version: 1
source:
  name: stripe
  verify: { secret: { env: STRIPE_SECRET } }
  allow: { networks: [203.0.113.0/24, 198.51.100.7, "2001:db8::/32"], content_types: [application/json] }
"""


def test_what_is_allowed():
    """An address is a network of one; nothing said means anything."""
    loaded = build({"a.yaml": FILE}, {"STRIPE_SECRET": "s"})
    networks = ("203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32")
    assert loaded.usable().sources["stripe"].allow == Allow(
        networks=tuple(map(ip_network, networks)),
        content_types=frozenset({"application/json"}),
    )
    plain = FILE[: FILE.index("  allow")]
    source = build({"a.yaml": plain}, {"STRIPE_SECRET": "s"}).usable().sources["stripe"]
    assert source.allow == Allow()


NETWORK = "'source.allow.networks.{}' {}"
TYPE = "'source.allow.content_types.0' is not a content type that can be read"
FORM = "application/x-www-form-urlencoded"
ONE = "write one such as 203.0.113.0/24"
WRONG = {
    "203.0.113.7/24": (
        "203.0.113.0/24",
        NETWORK.format(0, "begins at an address within a network"),
        "write 203.0.113.0/24",
    ),
    "203.0.113.0/33": ("203.0.113.0/24", NETWORK.format(0, "is not a network"), ONE),
    "example.com": ("198.51.100.7", NETWORK.format(1, "is not a network"), ONE),
    "7": ("198.51.100.7", NETWORK.format(1, "needs a network, this is a number"), ONE),
    "[]": (
        "[application/json]",
        "'source.allow.content_types' is empty",
        "drop the key",
    ),
    "aplication/json": ("application/json", TYPE, "did you mean 'application/json'?"),
    "text/html": (
        "application/json",
        TYPE,
        f"write one such as application/json or {FORM} or application/xml",
    ),
    FORM: (
        "application/json",
        f"provider 'stripe' reads no body of type {FORM}",
        "write application/json",
    ),
    "netwoks": ("networks", "unknown key 'netwoks'", "did you mean 'networks'?"),
    "ips": ("networks", "unknown key 'ips'", "did you mean 'networks'?"),
    "whitelist": ("allow", "unknown key 'whitelist'", "did you mean 'allow'?"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_mistakes(wrong):
    """Each is found once, where it stands, with what to write."""
    right, message, help = WRONG[wrong]
    text = FILE.replace(right, wrong, 1)
    (finding,) = build({"a.yaml": text}, {"STRIPE_SECRET": "s"}).findings
    assert (finding.message, finding.help) == (message, help)
    assert finding.place.line == 5
