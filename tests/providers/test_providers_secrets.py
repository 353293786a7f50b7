"""Secrets in the wrong form, and options that do nothing: told before the first request, never by a refusal each."""

import json

import pytest

from bridge import providers
from bridge.errors import ConfigurationError
from bridge.providers import RecipeError
from bridge.secret import Secret

GENERIC = providers.get("generic")
KEY = "6b" * 24


def told(provider, text):
    """What is said of a secret; "" where nothing is."""
    try:
        providers.check_secret(provider, Secret(text))
        found = providers.odd_secret(provider, Secret(text))
    except ConfigurationError as error:
        found = str(error)
    assert KEY not in found
    return found


def hmac(**more):
    verify = {"scheme": "hmac", "header": "X-S", **more}
    return providers.configure(GENERIC, verify=verify, event={})


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("stripe", '"whsec_abc"', "quotation marks"),
        ("stripe", "'whsec_abc'\n", "quotation marks"),
        ("github", "`a secret`", "quotation marks"),
        ("stripe", "whsec_abc\n", ""),
        ("stripe", 'a "quoted" word', ""),
        ("github", '"', ""),
        ("github", "${GITHUB_SECRET}", "name of a variable"),
        ("standard", "$WEBHOOK_SECRET", "name of a variable"),
        ("github", "$(cat secret)", "name of a variable"),
        ("github", "pa$$word", ""),
        ("standard", KEY, "looks like hex"),
        ("standard", f"whsec_{KEY.upper()}", "looks like hex"),
        ("standard", "v1,whsec_a2tra2tra2tra2tra2tra2tra2tra2tr", ""),
        ("standard", json.dumps({"kty": "oct", "k": "a2s"}), "JSON Web Key"),
        ("standard", "not base64!", "is not base64"),
        ("adyen", "a2tra2tra2tra2tra2tra2tra2tra2tr", "is not hex"),
        ("adyen", f"'{KEY}'", ""),
        ("github", json.dumps({"kty": "oct", "k": "a2s"}), "JSON Web Key"),
        ("github", "-----BEGIN PUBLIC KEY-----\nMFk\n-----END PUBLIC KEY-----", "PEM"),
        ("pipedrive", "a password alone", "username:password"),
        ("discord", "a password", "is not a public key"),
        ("discord", "00" * 31, "is not a public key"),
    ],
)
def test_a_secret_in_another_form_is_told(name, text, said):
    """What is unambiguous is taken, what cannot or hardly can be meant is said with what to do, and never shown."""
    found = told(providers.get(name), text)
    assert said in found and bool(found) == bool(said)


def test_a_secret_that_one_of_several_proofs_could_mean_is_none_to_tell():
    """While a source moves from one form to another, either is right."""
    moving = hmac(key="base64", **{"or": [{"key": "hex"}]})
    assert told(moving, KEY) == ""
    assert "looks like hex" in told(hmac(key="base64"), KEY)


@pytest.mark.parametrize(
    "verify, place, said",
    [
        ({"assign": ":"}, "verify.assign", "without `split`"),
        ({"url_decode": "/"}, "verify.url_decode", "`url` is not among"),
        ({"url_port": "with"}, "verify.url_port", "`url` is not among"),
        ({"account": "a"}, "verify.account", "not among the signed parts"),
        ({"scheme": "token", "key": "hex"}, "verify.key", "not used by scheme token"),
        ({"scheme": "token", "kdf": "sha1"}, "verify.kdf", "not used by scheme token"),
        ({"username": "u"}, "verify.username", "not used by scheme hmac"),
    ],
)
def test_an_option_that_does_nothing_is_an_error(verify, place, said):
    """Whoever writes it believes that something is checked: it is told with its place."""
    with pytest.raises(RecipeError) as caught:
        hmac(**verify)
    assert said in caught.value.findings[place]


def test_an_option_that_is_used_is_taken():
    """The same ones, where the recipe has a use for them."""
    hmac(assign=":", split=",", field="v1")
    hmac(signed=["url", "raw"], url_decode="/", url_port="with")
    hmac(signed=["account", "raw"], account="a")
    hubspot = providers.get("hubspot")
    verify = {"header": "X-Other", "signed": ["raw"], "timestamp": None}
    providers.configure(hubspot, verify=verify, event={})
