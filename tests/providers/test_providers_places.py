"""Where proofs are besides headers: path, batch elements, several headers; and keys that are made of secrets."""

import hashlib
import hmac
import zlib
from dataclasses import replace

import pytest
from recipe_tools import BODY, HMAC, SECRET, generic, refused, request, sign, verify

from bridge import providers
from bridge.errors import ConfigurationError
from bridge.secret import Secret
from bridge.strict import json

TOKEN = generic(scheme="token", path="token")
BATCH = {
    **{"scheme": "hmac", "items": "body.list.entry", "item": "sig"},
    "signed": ["item.id", {"text": ":"}, ["item.more"]],
}


def batch(*entries):
    return request(json.dumps({"list": [{"entry": one} for one in entries]}))


def test_a_token_in_the_path():
    """/hooks/<source>/<token>, percent-encoded or not; without it, or with another, nothing is taken."""
    signed = sign(TOKEN, request(target="/hooks/erp?a=1"))
    assert signed.target == "/hooks/erp/s3cr%E2%82%ACt%3Awith%20colon?a=1"
    assert verify(TOKEN, signed).secret == 0
    assert refused(TOKEN, request()) == "missing_part"
    assert refused(TOKEN, request(target="/hooks/erp/other")) == "wrong_signature"
    assert refused(TOKEN, request(target=signed.target.replace("?", "/more?")))


@pytest.mark.parametrize(
    "token", ["s3cr%E2%82%ACt%3Awith%20colon", "%733cr%e2%82%act:with%20colon"]
)
def test_a_token_in_the_path_is_masked_however_it_is_spelled(token):
    """It is cut out by its position, and what is kept reads as the same event."""
    sent = request(target=f"/hooks/erp/{token}?a=1")
    kept = providers.masked(TOKEN, sent)
    assert kept.target == "/hooks/erp/<secret>?a=1"
    assert providers.masked(TOKEN, kept) == kept
    assert providers.masked(TOKEN, request()).target == "/hooks/erp"


def test_a_token_that_nobody_asked_for_is_refused():
    """A secret that was put into the wrong source's path would be stored as part of it."""
    provider = generic(**HMAC)
    signed = sign(provider, request(target="/hooks/erp/hunter2"))
    assert refused(provider, signed) == "unexpected_token"


def test_each_element_of_a_batch_carries_its_own_proof():
    """All must be right: one element that is changed, forged or without a proof spoils the request."""
    provider = generic(**BATCH)
    signed = sign(provider, batch({"id": 1, "more": "x"}, {"id": 2}))
    assert verify(provider, signed).secret == 0
    first, second = (one["entry"] for one in json.loads(signed.body)["list"])
    assert refused(provider, batch(first, {**second, "id": 3})) == "wrong_signature"
    assert refused(provider, batch(first, {"id": 2})) == "missing_part"
    assert refused(provider, batch(first, {**second, "sig": first["sig"]}))
    assert refused(provider, batch()) == "missing_part"
    assert verify(provider, batch(first)).secret == 0


def test_the_oldest_secret_that_a_batch_needs_is_reported():
    """While a sender rotates, elements may be signed with either secret."""
    provider, old, new = generic(**BATCH), Secret("old"), Secret("new")
    entries = [
        json.loads(sign(provider, batch({"id": number}), secret=secret).body)
        for number, secret in ((1, new), (2, old))
    ]
    mixed = batch(*(one["list"][0]["entry"] for one in entries))
    found = providers.verify(
        provider, mixed, [new, old], now=mixed.received_at, public_url=None
    )
    assert found.secret == 1


def test_a_batch_over_the_limit_is_refused():
    """1,001 elements are not checked one by one."""
    entries = [{"id": number, "sig": "00"} for number in range(1_001)]
    assert refused(generic(**BATCH), batch(*entries)) == "batch_size"


def test_any_of_several_headers_may_hold_the_right_proof():
    """Docusign's shape: a header per key. One that cannot be read spoils them all."""
    provider = generic(scheme="hmac", header="X-Sig-1|X-Sig-2")
    proof = hmac.new(SECRET.reveal().encode(), BODY, "sha256").hexdigest()
    for headers in (
        {"X_Sig_1": proof},
        {"X_Sig_2": proof},
        {"X_Sig_1": "00", "X_Sig_2": proof},
        {"X_Sig_1": proof, "X_Sig_2": "00"},
    ):
        assert verify(provider, request(**headers)).secret == 0
    assert refused(provider, request(X_Sig_1=proof, X_Sig_2="?")) == "bad_signature"
    assert refused(provider, request(X_Sig_1="00", X_Sig_2="11")) == "wrong_signature"


@pytest.mark.parametrize("kdf", ["sha1", "sha256"])
def test_a_key_may_be_the_hash_of_the_secret(kdf):
    """Braintree's shape: the key is the digest's bytes, not its hex."""
    key = hashlib.new(kdf, SECRET.reveal().encode()).digest()
    proof = hmac.new(key, BODY, "sha256").hexdigest()
    assert verify(generic(**HMAC, kdf=kdf), request(X_Sig=proof)).secret == 0
    assert refused(generic(**HMAC), request(X_Sig=proof)) == "wrong_signature"


def test_account_and_checksum_are_parts():
    """PayPal's shape: the id of the webhook, and the body's CRC-32 in decimal digits."""
    provider = generic(**HMAC, signed=["account", {"text": "|"}, "crc32"], account="W1")
    text = f"W1|{zlib.crc32(BODY)}".encode()
    proof = hmac.new(SECRET.reveal().encode(), text, "sha256").hexdigest()
    assert verify(provider, request(X_Sig=proof)).secret == 0
    changed = replace(request(X_Sig=proof), body=BODY + b" ")
    assert refused(provider, changed) == "wrong_signature"
    other = generic(**HMAC, signed=["account", {"text": "|"}, "crc32"], account="W2")
    assert refused(other, request(X_Sig=proof)) == "wrong_signature"


def test_a_part_in_lower_case():
    """A sender may sign a value in lower case and write it as it is."""
    provider = generic(**HMAC, signed=[{"lower": "query.id"}, "raw"])
    proof = hmac.new(SECRET.reveal().encode(), b"ab1" + BODY, "sha256").hexdigest()
    assert (
        verify(provider, request(target="/hooks/erp?id=Ab1", X_Sig=proof)).secret == 0
    )


def test_a_secret_that_everybody_can_read_is_refused():
    """Zendesk prints the secret of its trial requests: it verifies nothing here."""
    zendesk = providers.get("zendesk")
    (known,) = zendesk.recipe.published
    with pytest.raises(ConfigurationError, match="documentation") as caught:
        verify(zendesk, request(), secret=Secret(known))
    assert known not in str(caught.value)


@pytest.mark.parametrize(
    "verify, path",
    [
        ({"scheme": "token", "path": "tokn"}, "verify.path"),
        ({**HMAC, "path": "token"}, "verify.path"),
        ({**HMAC, "signed": ["item.id"]}, "verify.items"),
        ({"scheme": "hmac", "item": "sig"}, "verify.items"),
        ({**HMAC, "items": "body.list"}, "verify.item"),
        ({**HMAC, "signed": [{"canonical": "payoss"}]}, "verify.signed"),
        ({**HMAC, "signed": [{"lower": "body"}, {"upper": "x"}]}, "verify.signed"),
        ({**HMAC, "algorithm": "ed25519"}, "verify.algorithm"),
        ({**HMAC, "kdf": "md5"}, "verify.kdf"),
        ({**HMAC, "claims": {"iss": "x"}}, "verify.claims"),
        ({**HMAC, "signed": ["raw", "account"]}, "verify.account"),
        ({"scheme": "token", "header": "X", "kdf": "sha1"}, "verify.kdf"),
    ],
)
def test_recipes_that_contradict_themselves_are_refused(verify, path):
    """Each fault is found where it stands, when the file is read."""
    with pytest.raises(providers.RecipeError) as caught:
        generic(**verify)
    assert path in caught.value.findings
