"""How long published keys are kept, how often they are asked for, and how a mapping file names their place."""

import json
from datetime import UTC, datetime

import pytest

from bridge import providers
from bridge.errors import KeysUnavailable
from bridge.mapping.reading.load import build
from bridge.model import NoReply, Reply, Request
from bridge.providers import RecipeError, keysource
from bridge.receive.keyring import AGAIN, FRESH, MOST, NEW, PAUSE, STALE, Keyring

NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
KEYS = json.dumps({"keys": [{"kty": "RSA", "kid": "k1", "n": "AQ", "e": "AQAB"}]})
SILENT = NoReply(kind="timeout", message="did not answer", sent=True, elapsed=5.0)
NAMED = {
    "scheme": "asymmetric",
    "algorithm": "ed25519",
    "header": "X-Sig",
    "keys": {"from": "header.X-Url", "hosts": ["keys.example.com"]},
}
FIXED = {**NAMED, "keys": {"url": "https://keys.example.com/all", "id": "header.X-Key"}}


def reply(body=KEYS, status=200):
    return Reply(status=status, headers={}, body=body.encode(), elapsed=0.1)


class World:
    """A keyring, the clock that it looks at, and what its address answers; `asked` are the addresses in order."""

    def __init__(self, answer=reply()):
        self.now, self.answer, self.asked = 1_000.0, answer, []
        self.keyring = Keyring(self.fetch, lambda: self.now)

    def fetch(self, url):
        self.asked.append(url)
        return self.answer

    def keys(self, verify=FIXED, key="k1", url="https://keys.example.com/1"):
        """How many usable keys there are, or None where none can be had."""
        provider = configured(verify)
        headers = (("X-Key", key), ("X-Url", url), ("X-Sig", "AAAA"))
        request = Request(
            method="POST", target="/", headers=headers, body=b"{}", received_at=NOW
        )
        self.last = self.keyring.keys_for(provider, request)
        problem = self.last.problem
        assert problem is None or isinstance(problem, KeysUnavailable)
        return None if problem else self.last.keys


def configured(verify):
    return providers.configure(providers.get("generic"), verify=verify, event={})


def test_keys_are_kept_for_a_while_and_then_asked_for_again():
    """One fetch an hour, and none in between."""
    world = World()
    for _ in range(3):
        assert world.keys() is not None
    world.now += FRESH - 1
    assert world.keys() is not None and len(world.asked) == 1
    world.now += 1
    assert world.keys() is not None and len(world.asked) == 2


def test_keys_outlive_an_outage_of_their_address():
    """While the address does not answer, what it said before counts, for a day; it is asked once in a while."""
    world = World()
    world.keys()
    world.answer = SILENT
    for _ in range(3):
        world.now += FRESH
        assert world.keys() is not None
    assert len(world.asked) == 4
    world.now += STALE
    assert world.keys() is None
    world.answer = reply()
    world.now += AGAIN
    assert world.keys() is not None


@pytest.mark.parametrize("answer", [SILENT, reply(status=500), reply("{}")])
def test_an_address_that_gives_nothing_is_not_asked_at_each_request(answer):
    """A second of silence makes no storm of requests; soon after it is asked again."""
    world = World(answer)
    for _ in range(50):
        assert world.keys() is None
    assert len(world.asked) == 1
    world.now, world.answer = world.now + AGAIN, reply()
    assert world.keys() is not None


@pytest.mark.parametrize("ids", [["x"] * 100, [f"id-{n}" for n in range(100)]])
def test_unknown_ids_have_one_fetch_in_a_while(ids):
    """Whatever ids a stranger makes up, and in how many requests."""
    world = World()
    world.keys()
    world.now += PAUSE
    for id in ids:
        assert world.keys(key=id) is not None
    assert len(world.asked) == 2


def test_addresses_that_requests_name_are_bounded():
    """New ones are asked NEW times in a while, and MOST are kept; one that proved somebody is not pushed out."""
    world = World(reply("-----BEGIN X-----\nAA==\n-----END X-----"))
    assert world.keys(NAMED) is not None
    world.keyring.proven(world.last)
    for number in range(1, 3 * NEW):
        named = f"https://keys.example.com/made-up-{number}"
        assert (world.keys(NAMED, url=named) is None) == (number >= NEW)
    assert len(world.asked) == NEW
    for number in range(MOST):
        world.now += PAUSE
        assert world.keys(NAMED, url=f"https://keys.example.com/{number}x") is not None
    fetched = len(world.asked)
    assert world.keys(NAMED) is not None
    assert len(world.asked) == fetched or world.now >= FRESH


@pytest.mark.parametrize(
    "host, pattern, fits",
    [
        ("sns.us-east-1.amazonaws.com", "sns.*.amazonaws.com", True),
        ("SNS.eu-west-1.AmazonAWS.com", "sns.*.amazonaws.com", True),
        ("sns.us-east-1.amazonaws.com:443", "sns.*.amazonaws.com", False),
        ("sns.a.b.amazonaws.com", "sns.*.amazonaws.com", False),
        ("sns..amazonaws.com", "sns.*.amazonaws.com", False),
        ("sns.us-east-1.amazonaws.com.evil.example", "sns.*.amazonaws.com", False),
        ("sns.us-east-1.amazonaws.com.", "sns.*.amazonaws.com", False),
        ("xsns.us-east-1.amazonaws.com", "sns.*.amazonaws.com", False),
        ("api.paypal.com", "api.paypal.com", True),
        ("evilapi.paypal.com", "api.paypal.com", False),
        ("api.paypal.com@evil.example", "api.paypal.com", False),
        ("keys.example.com:8443", "keys.example.com:8443", True),
        ("keys.example.com:8444", "keys.example.com:8443", False),
    ],
)
def test_a_host_is_pinned_label_by_label(host, pattern, fits):
    """A star is one label, and nothing before, behind or inside the name makes another host look like it."""
    assert keysource.within(f"https://{host}/cert.pem?x=1", [pattern]) is fits


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"url": "https://a.example", "from": "header.X"},
        {"from": "header.X"},
        {"from": "header.X", "hosts": []},
        {"from": "header.X", "hosts": ["*"]},
        {"from": "header.X", "hosts": ["*.com"]},
        {"from": "header.X", "hosts": ["a.*.com"]},
        {"from": "header.X", "hosts": ["a.*"]},
        {"from": "header.X", "hosts": ["a*.example.com"]},
        {"from": "header.X", "hosts": ["https://a.example"]},
        {"url": "https://a.example", "hosts": ["a.example"]},
        {"url": "ftp://a.example"},
        {"url": "https://user@a.example/keys"},
        {"url": "keys.json"},
        {"url": "https://a.example", "id": "raw"},
    ],
)
def test_a_place_of_keys_that_pins_nothing_is_refused(keys):
    """`bridge check` says so: whoever chooses the host chooses the key."""
    with pytest.raises(RecipeError) as wrong:
        configured({**NAMED, "keys": keys})
    assert all(path.startswith("verify.keys") for path in wrong.value.findings)


@pytest.mark.parametrize(
    "verify, path",
    [
        (
            {
                "scheme": "jwt",
                "algorithm": "HS256",
                "keys": {"url": "https://a.example"},
            },
            "verify.keys",
        ),
        (
            {
                "scheme": "jwt",
                "algorithm": "RS256",
                "keys": {"url": "https://a.example", "id": "header.X"},
            },
            "verify.keys.id",
        ),
        (
            {"scheme": "hmac", "header": "X", "keys": {"url": "https://a.example"}},
            "verify.keys",
        ),
        (
            {"scheme": "token", "header": "X", "keys": {"url": "https://a.example"}},
            "verify.keys",
        ),
    ],
)
def test_keys_are_for_signatures_by_public_key(verify, path):
    """A shared secret is published nowhere."""
    with pytest.raises(RecipeError) as wrong:
        configured(verify)
    assert path in wrong.value.findings


def source(verify):
    text = f"version: 1\nsource: {{ name: x, provider: generic, verify: {verify} }}\n"
    loaded = build({"x.yaml": text}, {})
    codes = [one.code for one in loaded.findings if one.severity == "error"]
    return loaded.ruleset and loaded.ruleset.sources["x"], codes


JWT = "scheme: jwt, algorithm: RS256"
URL = "keys: { url: https://keys.example.com/all }"
TOKEN = "scheme: token, header: X-Token"


@pytest.mark.parametrize(
    "verify, fetched",
    [
        (f"{{ {JWT}, {URL} }}", [True]),
        (f"{{ {JWT}, {URL}, secret: {{ env: A }} }}", [False]),
        (
            f"{{ {TOKEN}, secret: {{ env: A }}, or: [{{ {JWT}, {URL} }}] }}",
            [False, True],
        ),
        (
            f"{{ {JWT}, {URL}, or: [{{ {TOKEN}, secret: {{ env: A }} }}] }}",
            [True, False],
        ),
        (f"{{ {JWT}, {URL}, or: [{{ header: X-Token, prefix: '' }}] }}", [True, True]),
        (
            f"{{ {JWT}, {URL}, secret: {{ env: A }}, or: [{{ header: X-Token, prefix: '' }}] }}",
            [False, False],
        ),
    ],
)
def test_each_proof_goes_by_its_secret_or_by_published_keys(verify, fetched):
    """A secret that the operator gives goes before; an alternative has its own, its keys, or what the first has."""
    found, codes = source(verify)
    assert not codes
    assert [bool(one.keys) for one in found.provider.recipes] == fetched
    for one in found.provider.recipes:
        first, last = one.span
        assert (last - first == 0) == bool(one.keys)


@pytest.mark.parametrize(
    "verify",
    [f"{{ {JWT} }}", f"{{ {TOKEN} }}", f"{{ {JWT}, {URL}, or: [{{ {TOKEN} }}] }}"],
)
def test_what_nothing_proves_is_a_finding(verify):
    """Neither a secret nor keys: nobody could be told from anybody."""
    assert source(verify)[1] == ["A405"]
