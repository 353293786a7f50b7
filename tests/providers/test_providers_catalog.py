"""Finding and configuring providers: names, data files, and every fault of a recipe at once."""

import pytest
from provider_cases import NOW, URL

from bridge import providers
from bridge.errors import ConfigurationError, NotVerified, UnknownName
from bridge.model import Money, Request
from bridge.providers.catalog import DATA
from bridge.secret import Secret

GENERIC = providers.get("generic")
PLAIN = Request(method="POST", target="/", headers=(), body=b"{}", received_at=NOW)
HEAD = "title: T\ndocs: D\nevidence: E\n"


def faults(verify, event=None) -> dict:
    with pytest.raises(providers.RecipeError) as caught:
        providers.configure(GENERIC, verify=verify, event=event or {})
    assert isinstance(caught.value, ConfigurationError)
    assert all(path in str(caught.value) for path in caught.value.findings)
    return caught.value.findings


def test_names_are_the_data_files():
    """There is no list to edit."""
    files = sorted(path.stem for path in DATA.glob("*.yaml"))
    assert list(providers.names()) == files
    assert [providers.get(name).name for name in files] == files


@pytest.mark.parametrize(
    "name, hint",
    [
        ("strip", "did you mean 'stripe'"),
        ("qqq", "generic, "),
        ("../stripe", "stripe"),
    ],
)
def test_an_unknown_name_is_answered_with_the_valid_ones(name, hint):
    """A near miss is named, else all are listed; a name is never a path."""
    with pytest.raises(UnknownName, match=hint):
        providers.get(name)


def test_money():
    """Stripe's exceptions to ISO 4217 as its currency page lists them; HubSpot says nothing about amounts."""
    assert providers.get("stripe").money == Money(
        amounts="minor", exponents={"ISK": 2, "MGA": 0, "UGX": 2}
    )
    assert providers.get("razorpay").money == Money(amounts="minor")
    assert providers.get("hubspot").money == Money()


def test_a_recipe_has_a_scheme():
    """A generic source says how its sender signs."""
    assert faults({}) == {
        "verify.scheme": "is needed: hmac, digest, asymmetric, jwt, token, bearer, basic"
    }


def test_every_fault_is_found_at_once_with_its_path():
    """One run names each wrong key and value where it stands, with the nearest right one."""
    found = faults(
        {
            "scheme": "hmac",
            "heder": "X",
            "encoding": "hexx",
            "signed": ["rwa"],
            "prefix": 3,
            "timestamp": {"form": "x"},
        },
        {
            "idd": "body.x",
            "type": "bdy.x",
            "volatile": ["x"],
            "content": ["yaml"],
            "headers": "x",
            "items": "body.a|body.b",
        },
    )
    assert found["verify.heder"] == "is not a key here, did you mean 'header'?"
    assert found["verify.encoding"] == "must be one of hex, base64"
    assert found["verify.signed"].endswith("not 'rwa'")
    assert found["verify.prefix"] == "needs text, this is a number"
    assert found["verify.timestamp.from"] == "is needed"
    assert found["verify.timestamp.form"] == "is not a key here, did you mean 'from'?"
    assert found["event.idd"] == "is not a key here, did you mean 'id'?"
    assert (
        found["event.type"]
        == "takes header.NAME, query.NAME, body.PATH or item.PATH, not 'bdy.x'"
    )
    assert set(found) >= {
        "event.volatile.0",
        "event.content.0",
        "event.headers",
        "event.items",
    }


@pytest.mark.parametrize(
    "verify, path",
    [
        ({"scheme": "hmac"}, "verify.header"),
        ({"scheme": "hmac", "header": "X", "query": "x"}, "verify.header"),
        (
            {"scheme": "hmac", "header": "X", "signed": ["raw", "secret"]},
            "verify.signed",
        ),
        ({"scheme": "digest", "header": "X", "signed": ["raw"]}, "verify.signed"),
        ({"scheme": "digest", "header": "X"}, "verify.signed"),
        ({"scheme": "hmac", "header": "X", "signed": []}, "verify.signed"),
        (
            {"scheme": "hmac", "header": "X", "signed": [{"text": "only"}]},
            "verify.signed",
        ),
        (
            {"scheme": "hmac", "header": "X", "timestamp": {"from": "header.T"}},
            "verify.timestamp.from",
        ),
        ({"scheme": "hmac", "header": "X", "field": "v1"}, "verify.field"),
        ({"scheme": "hmac", "header": "X", "signed": ["field.t"]}, "verify.signed"),
        ({"scheme": "hmac", "header": "X Y"}, "verify.header"),
        ({"scheme": "hmac", "header": "X", "username": "u"}, "verify.username"),
        ({"scheme": "token", "header": "X", "algorithm": "sha1"}, "verify.algorithm"),
        ({"scheme": "bearer", "header": "X"}, "verify.header"),
        ({"scheme": "hmac", "header": "X", "algorithm": "md5"}, "verify.algorithm"),
        ({"scheme": "hmac", "header": "X", "secret": "s"}, "verify.secret"),
    ],
)
def test_recipes_that_prove_nothing_or_contradict_themselves_are_refused(verify, path):
    """What could be passed without the secret, or renewed for ever, never becomes a source."""
    assert list(faults(verify)) == [path]


@pytest.mark.parametrize(
    "event, path, said",
    [
        ({"live": {"from": "body.a"}}, "event.live", "{from: place, unless: text}"),
        ({"live": {"from": "body.a", "unless": ""}}, "event.live", "unless: text"),
        ({"live": {"from": "body.a", "unless": 1}}, "event.live", "unless: text"),
        ({"live": {"from": "bdy.a", "unless": "t"}}, "event.live", "not 'bdy.a'"),
        ({"live": {"from": "body.a", "unles": "t"}}, "event.live", "unless: text"),
        ({"live": 5}, "event.live", "takes text such as"),
        ({"each": ["item.a"]}, "event.items", "is needed"),
        (
            {"items": "body", "each": "item.a"},
            "event.each",
            "needs a list, this is text",
        ),
        ({"items": "body", "each": ["body.a"]}, "event.each.0", "not 'body.a'"),
    ],
)
def test_a_mark_or_a_list_that_cannot_be_read_is_named(event, path, said):
    """The place of the fault, and the form that is taken."""
    found = faults({"scheme": "bearer"}, event)
    assert list(found) == [path] and said in found[path]


@pytest.mark.parametrize("name", ["X-Sig", "authorization", "Cookie"])
def test_proofs_and_credentials_are_never_visible(name):
    """Expressions, and so logs and vendors, never see a header that opens something."""
    found = faults({"scheme": "hmac", "header": "X-Sig"}, {"headers": [name]})
    assert "leave it out" in found["event.headers"]


def test_a_mapping_file_lays_its_keys_over_the_data_file():
    """One key changes one thing; another place replaces the place; another scheme starts anew."""
    stripe = providers.get("stripe")
    longer = providers.configure(
        stripe,
        verify={"timestamp": {"from": "field.t", "tolerance": 600}},
        event={"time": "body.data.object.created"},
    )
    assert longer.recipe.timestamp.tolerance == 600
    assert (longer.recipe.place, longer.recipe.field) == (stripe.recipe.place, "v1")
    assert longer.event.id == stripe.event.id and longer.event.time != stripe.event.time
    moved = providers.configure(
        providers.get("razorpay"), verify={"query": "sig"}, event={}
    )
    assert [str(place) for place in moved.recipe.place] == ["query.sig"]
    other = providers.configure(stripe, verify={"scheme": "bearer"}, event={})
    assert (other.recipe.scheme, other.recipe.timestamp) == ("bearer", None)
    assert providers.configure(stripe, verify={}, event={}) == stripe


@pytest.mark.parametrize(
    "text, path",
    [
        (HEAD + "titel: x\n", "titel"),
        (HEAD + "title: x\n", "bad.yaml:4:1"),
        ("docs: D\nevidence: E\n", "title"),
        (
            HEAD + "money: {amounts: cents, exponents: {USD: two}}\n",
            "money.exponents.USD",
        ),
        (HEAD + "answer: {accepted: {status: 700}}\n", "answer.accepted.status"),
        (HEAD + "handshake: {when: {methd: GET}}\n", "handshake.when"),
        (HEAD + "verify: {scheme: hmca, header: X}\n", "verify.scheme"),
        (
            HEAD + "handshake: {when: {}, text: {hmac: query.a, like: '['}}\n",
            "handshake.text",
        ),
        (HEAD + "event: {unwrap: {from: body.a, as: yaml}}\n", "event.unwrap.as"),
        ("- a\n", "bad.yaml"),
        ("a: [\n", "bad.yaml:1:4"),
    ],
)
def test_a_data_file_with_a_fault_is_refused_with_its_path(tmp_path, text, path):
    """A data file is checked like a mapping file."""
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(providers.RecipeError) as caught:
        providers.load(tmp_path)
    assert path in caught.value.findings


def test_messages_and_reprs_hold_no_secret():
    """Neither a provider nor a refusal shows what it was checked with."""
    provider = providers.configure(GENERIC, verify={"scheme": "bearer"}, event={})
    request = providers.sign(
        provider, PLAIN, Secret("hunter2"), now=NOW, public_url=URL
    )
    assert request.values("authorization") == ("Bearer hunter2",)
    with pytest.raises(NotVerified) as caught:
        providers.verify(
            provider, request, [Secret("hunter3")], now=NOW, public_url=URL
        )
    assert "hunter" not in f"{caught.value}{provider!r}"
