"""The primitives one by one: schemes, places, keys, parts, times, through configured generic senders."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from provider_cases import URL
from recipe_tools import BODY, HMAC, SECRET, generic, refused, request, sign, verify

from bridge import providers
from bridge.errors import ConfigurationError
from bridge.secret import Secret

RECIPES = {
    "hmac in a header": HMAC,
    "hmac, sha512, base64": {**HMAC, "algorithm": "sha512", "encoding": "base64"},
    "hmac, sha1 with a label": {**HMAC, "algorithm": "sha1", "prefix": "sha1="},
    "hmac over method, url, query and body fields": {
        **HMAC,
        "signed": ["method", {"text": ":"}, "url", "query.a", "body.kind"],
    },
    "hmac, iso time": {
        **HMAC,
        "signed": ["header.X-Time", "raw"],
        "timestamp": {"from": "header.X-Time", "unit": "iso"},
    },
    "hmac, ms or s by size": {
        **HMAC,
        "signed": ["header.X-Time", "raw"],
        "timestamp": {"from": "header.X-Time", "unit": "auto"},
    },
    "hmac, time in the body": {
        **HMAC,
        "signed": ["raw"],
        "timestamp": {"from": "body.stamp", "tolerance": 60},
    },
    "hmac, fields": {
        **HMAC,
        "split": ";",
        "field": "h1",
        "signed": ["field.ts", {"text": ":"}, "raw"],
        "timestamp": {"from": "field.ts"},
    },
    "hmac in the query": {"scheme": "hmac", "query": "sig"},
    "digest": {
        "scheme": "digest",
        "header": "X-Sig",
        "signed": ["secret", "raw"],
    },
    "token in a header": {"scheme": "token", "header": "X-Token"},
    "token after a word": {
        "scheme": "token",
        "header": "Authorization",
        "prefix": "Apikey ",
    },
    "token in the query": {"scheme": "token", "query": "token"},
    "token in the body": {"scheme": "token", "body": "key"},
    "bearer": {"scheme": "bearer"},
    "basic, whole": {"scheme": "basic"},
    "basic, username beside": {"scheme": "basic", "username": "erp"},
}


@pytest.mark.parametrize("name", RECIPES)
def test_every_scheme_accepts_its_own_and_refuses_all_else(name):
    """sign() and verify() agree; another secret, or no proof, is refused."""
    provider = generic(**RECIPES[name])
    plain = request(target="/hooks/erp?a=1&b=2")
    signed = sign(provider, plain)
    assert verify(provider, signed).secret == 0
    assert refused(provider, signed, secret=Secret("other:secret")) == "wrong_signature"
    assert refused(provider, plain) in (
        "missing_part",
        "bad_signature",
        "wrong_signature",
    )


@pytest.mark.parametrize(
    "name", [name for name in RECIPES if RECIPES[name]["scheme"] == "hmac"]
)
def test_every_hmac_refuses_another_body(name):
    """Whatever a recipe covers, the value of `kind` is in it, or the whole body."""
    provider = generic(**RECIPES[name])
    signed = sign(provider, request(target="/hooks/erp?a=1&b=2"))
    changed = replace(signed, body=signed.body.replace(b'"x"', b'"y"'))
    assert refused(provider, changed) == "wrong_signature"


def test_a_token_in_a_form_field():
    """`body.NAME` reads a form field too, and needs it once."""
    provider = generic(scheme="token", body="secret_key")
    form = request(b"a=%C3%A9&secret_key=", content="application/x-www-form-urlencoded")
    signed = sign(provider, form)
    assert verify(provider, signed).secret == 0
    doubled = replace(signed, body=signed.body + b"&secret_key=x")
    assert refused(provider, doubled) == "missing_part"


def test_a_digest_is_no_hmac():
    """HubSpot's first signatures: plain SHA-256 over secret and body."""
    provider = generic(**RECIPES["digest"])
    proof = hashlib.sha256(SECRET.reveal().encode() + BODY).hexdigest()
    assert verify(provider, request(X_Sig=proof)).secret == 0
    keyed = hmac.new(SECRET.reveal().encode(), BODY, "sha256").hexdigest()
    assert refused(provider, request(X_Sig=keyed)) == "wrong_signature"


def test_basic_is_read_whatever_the_case_of_its_word():
    """The word before the credentials is no part of the proof."""
    provider = generic(scheme="basic", username="erp")
    proof = base64.b64encode(b"erp:pass").decode()
    for word in ("Basic", "basic", "BASIC"):
        sent = request(Authorization=f"{word} {proof}")
        assert verify(provider, sent, secret=Secret("pass")).secret == 0
    assert refused(
        provider, request(Authorization=f"Bearer {proof}"), secret=Secret("pass")
    )


def test_basic_without_a_user_name_is_a_fault_of_the_operator():
    """A basic secret without a colon, and no username beside it, can match nothing."""
    with pytest.raises(ConfigurationError, match="username"):
        verify(generic(scheme="basic"), request(), secret=Secret("password"))


def test_a_key_is_decoded_after_its_prefix():
    """`whsec_` plus base64 is another key than the same text whole."""
    raw = b"\x00\xffkey"
    text = Secret("whsec_" + base64.b64encode(raw).decode())
    proof = hmac.new(raw, BODY, "sha256").hexdigest()
    decoded = generic(**HMAC, key="base64", key_prefix="whsec_")
    assert verify(decoded, request(X_Sig=proof), secret=text).secret == 0
    assert (
        refused(generic(**HMAC), request(X_Sig=proof), secret=text) == "wrong_signature"
    )


def test_a_group_is_left_out_when_its_source_is_missing():
    """Mercado Pago's shape: a pair that is absent is not signed as an empty one."""
    provider = generic(
        **HMAC,
        signed=[
            [{"text": "id:"}, "query.data.id", {"text": ";"}],
            [{"text": "rid:"}, "header.X-Rid", {"text": ";"}],
        ],
    )
    key = SECRET.reveal().encode()
    whole = hmac.new(key, b"id:7;rid:r;", "sha256").hexdigest()
    part = hmac.new(key, b"id:7;", "sha256").hexdigest()
    target = "/hooks/erp?data.id=7"
    assert verify(provider, request(target=target, X_Sig=whole, X_Rid="r")).secret == 0
    assert verify(provider, request(target=target, X_Sig=part)).secret == 0
    assert (
        refused(provider, request(target=target, X_Sig=part, X_Rid="r"))
        == "wrong_signature"
    )


def test_a_url_in_the_signature_comes_from_the_operator():
    """The Host header is the sender's word; the public URL is not."""
    provider = providers.get("hubspot")
    plain = request(b"[]", target="/hooks/hubspot?a=%2Fb%20c", Host="evil.example.com")
    signed = sign(provider, plain, public_url=URL + "/")
    (stamp,) = signed.values("x-hubspot-request-timestamp")
    text = f"POST{URL}/hooks/hubspot?a=/b%20c[]{stamp}".encode()
    proof = hmac.digest(SECRET.reveal().encode(), text, "sha256")
    assert signed.values("x-hubspot-signature-v3") == (
        base64.b64encode(proof).decode(),
    )
    assert verify(provider, signed).secret == 0
    assert refused(provider, signed, public_url="https://evil.example.com")
    with pytest.raises(ConfigurationError, match="BRIDGE_PUBLIC_URL"):
        verify(provider, signed, public_url=None)


def test_sign_puts_everything_in_its_place_and_nothing_twice():
    """Signing a signed request again replaces proof and timestamp under the names they were written with."""
    provider = providers.get("standard")
    plain = request(Svix_Id="m1", Svix_Timestamp="1", Svix_Signature="old")
    signed = sign(
        provider, sign(provider, plain, secret=Secret("YQ==")), secret=Secret("YQ==")
    )
    assert [name for name, _ in signed.headers] == [
        "Content-Type",
        "Svix-Id",
        "Svix-Timestamp",
        "Svix-Signature",
    ]
    assert verify(provider, signed, secret=Secret("YQ==")).secret == 0


def test_sign_says_what_it_misses():
    """A part that the sender makes up, such as a message id, has to be in the request."""
    with pytest.raises(
        ConfigurationError, match="header.webhook-id or header.svix-id is missing"
    ):
        sign(providers.get("standard"), request(), secret=Secret("YQ=="))


def test_an_unconfigured_generic_source_verifies_nothing():
    """Without `verify:` there is no way to prove anything, so nothing is taken."""
    with pytest.raises(ConfigurationError, match="verify"):
        verify(providers.get("generic"), request())
