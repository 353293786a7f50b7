"""`allow` of a source: what it says, and each mistake with what to write instead."""

from ipaddress import ip_network

import pytest
from jsonschema import Draft7Validator

from bridge.mapping import build
from bridge.mapping.form.allow_shape import LARGEST, AllowShape
from bridge.mapping.jsonschema.keys import KeyForms
from bridge.mapping.rules.ruleset import Allow
from bridge.strict.yaml import resolve

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


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("25MB", 25 * 2**20),
        ("25MiB", 25 * 2**20),
        ("3 MB", 3 * 2**20),
        ("64KB", 64 * 2**10),
        ("5000000", 5_000_000),
        ("1024", 1024),
        ("32MB", LARGEST),
    ],
)
def test_how_large_a_body_may_be(written, size):
    """A number of bytes or with a unit; the schema for editors takes what check takes."""
    text = FILE.replace("{ networks", f"{{ max_body: {written}, networks")
    loaded = build({"a.yaml": text}, {"STRIPE_SECRET": "s"})
    assert loaded.usable().sources["stripe"].allow.max_body == size
    assert in_schema(written)


SIZE = "'source.allow.max_body' "
SIZES = {
    "25": (SIZE + "is less than any body", "write 25MB"),
    "512": (SIZE + "is less than any body", "write 512KB"),
    "40MB": (SIZE + "is more than 32MB", "write 32MB"),
    "999999999": (SIZE + "is more than 32MB", "write 32MB"),
    "25M": (SIZE + "is not a size", "write it like 25MB, 64KB or 5000000"),
    "-1": (SIZE + "is not a size", "write it like 25MB, 64KB or 5000000"),
    "true": (SIZE + "is not a size", "write it like 25MB, 64KB or 5000000"),
    "1.5MB": (SIZE + "is not a size", "write it like 25MB, 64KB or 5000000"),
    "[1MB]": (SIZE + "is not a size", "write it like 25MB, 64KB or 5000000"),
}


@pytest.mark.parametrize("wrong", SIZES)
def test_sizes_that_are_none(wrong):
    """Each is told with a size that can be written instead; editors say no to the same."""
    text = FILE.replace("{ networks", f"{{ max_body: {wrong}, networks")
    (finding,) = build({"a.yaml": text}, {"STRIPE_SECRET": "s"}).findings
    assert (finding.message, finding.help) == SIZES[wrong]
    assert not in_schema(wrong) or wrong == "40MB"


def in_schema(written):
    """Whether the schema for editors takes this value of max_body."""
    form = KeyForms({}).schema(AllowShape())["properties"]["max_body"]
    value = [written] if written.startswith("[") else resolve(written)
    return Draft7Validator(form).is_valid(value)


def test_a_body_that_proves_itself_may_not_be_large():
    """Where the proof stands in the body strangers' bodies are read, too; where it stands in a header they are not."""
    plain = FILE[: FILE.index("  allow")]
    for provider, size, wrong in (
        ("adyen", "2MB", True),
        ("adyen", "1MB", False),
        ("getfly", "1048577", True),
        ("github", "25MB", False),
        ("shopify", "3MB", False),
    ):
        text = plain.replace("stripe", provider) + f"  allow: {{ max_body: {size} }}\n"
        found = build({"a.yaml": text}, {"STRIPE_SECRET": "s"}).findings
        told = [
            one
            for one in found
            if "signs inside the body, so even unverified bodies are read"
            in one.message
        ]
        assert bool(told) is wrong, (provider, size, found)
        assert all(one.help == "write 1MB" for one in told)


NETWORK = "'source.allow.networks.{}' {}"
TYPE = "'source.allow.content_types.0' is not a content type that can be read"
FORM = "application/x-www-form-urlencoded"
ONE = "write one such as 203.0.113.0/24"
WRONG = {
    "203.0.113.7/24": (
        "203.0.113.0/24",
        NETWORK.format(0, "is an address within a network, not its start"),
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
        f"provider 'stripe' does not accept bodies of type {FORM}",
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
