"""JSON Web Tokens: the recipe's algorithm, fresh claims, and the body only where a claim holds its hash."""

import base64
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from keyrings import key_pair
from provider_cases import NOW
from recipe_tools import BODY, SECRET, generic, refused, request, sign, verify

from bridge import providers

JWT = {"scheme": "jwt", "algorithm": "HS256"}
IAT = int(NOW.timestamp())


def part(value) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def token(claims, header=None, key=SECRET) -> str:
    """A token as any library would make it with HS256."""
    text = f"{part(header or {'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    return f"{text}.{part(hmac.digest(key.reveal().encode(), text.encode(), 'sha256'))}"


def bearing(text, **headers):
    return request(Authorization=f"Bearer {text}", **headers)


def test_a_token_of_another_library_is_accepted():
    """Signed with the secret and fresh; the word before it in any case."""
    provider = generic(**JWT)
    sent = token({"iat": IAT, "iss": "erp"})
    assert verify(provider, bearing(sent)).secret == 0
    assert verify(provider, request(Authorization=f"bearer {sent}")).secret == 0


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS512"}, {"alg": "hs256"}, {"typ": "JWT"}, {"alg": []}],
)
def test_the_token_does_not_choose_its_algorithm(header):
    """`none`, another algorithm or no name at all is refused, whatever the signature."""
    sent = token({"iat": IAT}, header)
    assert refused(generic(**JWT), bearing(sent)) == "wrong_signature"
    bare = sent.rpartition(".")[0] + "."
    assert refused(generic(**JWT), bearing(bare)) == "bad_signature"


@pytest.mark.parametrize(
    "claims, reason",
    [
        ({}, "missing_part"),
        ({"iat": IAT - 301}, "stale"),
        ({"iat": IAT + 301}, "stale"),
        ({"iat": IAT, "exp": IAT - 301}, "stale"),
        ({"iat": IAT, "nbf": IAT + 301}, "stale"),
        ({"iat": IAT, "exp": "soon"}, "bad_timestamp"),
        ({"iat": [IAT]}, "missing_part"),
        ({"iat": IAT + 0.5}, "bad_timestamp"),
    ],
)
def test_a_token_is_fresh(claims, reason):
    """iat is needed; exp and nbf count where they are; each with the tolerance."""
    assert refused(generic(**JWT), bearing(token(claims))) == reason


def test_times_are_tolerated():
    """300 seconds either way, unless the recipe says otherwise."""
    sent = bearing(token({"iat": IAT - 300, "exp": IAT - 300, "nbf": IAT + 300}))
    assert verify(generic(**JWT), sent).secret == 0
    strict = generic(**JWT, timestamp={"from": "field.iat", "tolerance": 60})
    assert refused(strict, sent) == "stale"


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c.d", "....", "é.é.é", "e30.e30.="]
)
def test_what_is_no_token_is_refused(text):
    """Nothing that can stand in a header raises anything but NotVerified."""
    assert refused(generic(**JWT), bearing(text)) == "bad_signature"


def test_claims_must_have_the_wanted_values():
    """A token for somebody else, by the same sender, opens nothing."""
    provider = generic(**JWT, claims={"iss": "erp", "aud": "bridge"})
    assert verify(provider, bearing(token({"iat": IAT, "iss": "erp", "aud": "bridge"})))
    for claims in ({"iss": "erp"}, {"iss": "erp", "aud": "shop"}):
        sent = bearing(token({"iat": IAT, **claims}))
        assert refused(provider, sent) == "wrong_signature"


def test_a_body_is_proven_by_the_claim_that_holds_its_hash():
    """With body_hash a token opens for one body; without it, it proves its sender alone."""
    bound = generic(**JWT, body_hash="payload_hash")
    signed = sign(bound, request())
    assert verify(bound, signed).secret == 0
    changed = replace(signed, body=BODY + b" ")
    assert refused(bound, changed) == "wrong_signature"
    assert refused(bound, bearing(token({"iat": IAT}))) == "wrong_signature"
    assert verify(generic(**JWT), changed).secret == 0


def test_a_place_of_its_own_and_an_algorithm_are_the_recipes():
    """A header of another name holds the token alone; the algorithm has no default."""
    provider = generic(**JWT, header="X-Token")
    signed = sign(provider, request())
    assert verify(provider, signed).secret == 0
    later = NOW + timedelta(seconds=301)
    assert refused(provider, signed, now=later) == "stale"
    with pytest.raises(providers.RecipeError) as caught:
        generic(scheme="jwt")
    assert list(caught.value.findings) == ["verify.algorithm"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_tokens_by_public_key(algorithm):
    """The private half signs, the public one is configured; as an HMAC key it opens nothing."""
    provider = generic(scheme="jwt", algorithm=algorithm)
    public, private = key_pair(algorithm, "one of two")
    signed = sign(provider, request(), secret=private)
    assert verify(provider, signed, secret=public).secret == 0
    confused = token({"iat": IAT}, {"alg": "HS256"}, key=public)
    assert refused(provider, bearing(confused), secret=public) == "wrong_signature"
    renamed = token({"iat": IAT}, {"alg": algorithm}, key=public)
    assert refused(provider, bearing(renamed), secret=public) == "wrong_signature"
    other, _ = key_pair(algorithm, "the other")
    assert refused(provider, signed, secret=other) == "wrong_signature"
