"""Forms in which senders give their public keys, tokens without a time, and what stands after a proof."""

import base64
import hmac
import json
from dataclasses import replace
from importlib import import_module

import pytest
from keyrings import key_pair
from provider_cases import NOW
from recipe_tools import BODY, SECRET, generic, refused, request, sign, verify

from bridge.errors import ConfigurationError
from bridge.providers import asymmetric
from bridge.secret import Secret

SIGNED = {"scheme": "asymmetric", "header": "X-Sig"}
IAT = int(NOW.timestamp())


def numbers(public):
    """A public key of the package cryptography."""
    form = import_module("cryptography.hazmat.primitives.serialization")
    return form.load_pem_public_key(public.reveal().encode())


def url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def raw_of(key) -> bytes:
    form = import_module("cryptography.hazmat.primitives.serialization")
    return key.public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)


def web_key(algorithm: str, name: str, **more) -> dict:
    """A key as RFC 7517 writes it."""
    key = numbers(key_pair(algorithm, name)[0])
    if algorithm == "ed25519":
        return {"kty": "OKP", "crv": "Ed25519", "x": url64(raw_of(key)), **more}
    found = key.public_numbers()
    if algorithm == "rsa-sha256":
        size = (key.key_size + 7) // 8
        e, n = found.e.to_bytes(3, "big"), found.n.to_bytes(size, "big")
        return {"kty": "RSA", "e": url64(e), "n": url64(n), **more}
    x, y = (one.to_bytes(32, "big") for one in (found.x, found.y))
    return {"kty": "EC", "crv": "P-256", "x": url64(x), "y": url64(y), **more}


@pytest.mark.parametrize("algorithm", asymmetric.ALGORITHMS)
@pytest.mark.parametrize("set_of_one", [False, True])
def test_a_json_web_key_is_a_key(algorithm, set_of_one):
    """The key as a JSON Web Key, alone or as the only one of a set, proves what its owner signed and nothing else."""
    provider = generic(**SIGNED, algorithm=algorithm)
    _, private = key_pair(algorithm, "one of two")
    signed = sign(provider, request(), secret=private)
    for name, good in (("one of two", True), ("the other", False)):
        key = web_key(algorithm, name, kid="1", use="sig")
        text = Secret(json.dumps({"keys": [key]} if set_of_one else key))
        if good:
            assert verify(provider, signed, secret=text).secret == 0
        else:
            assert refused(provider, signed, secret=text) == "wrong_signature"


@pytest.mark.parametrize("written", [str.lower, str.upper, lambda text: f" {text}\n"])
def test_a_raw_key_in_hex_is_a_key(written):
    """As Discord shows it: 64 hex digits, in either case, with what copying adds."""
    provider = generic(**SIGNED, algorithm="ed25519", encoding="hex")
    public, private = key_pair("ed25519", "one of two")
    signed = sign(provider, request(), secret=private)
    text = written(raw_of(numbers(public)).hex())
    assert verify(provider, signed, secret=Secret(text)).secret == 0


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "OKP", "crv": "X25519", "x": url64(b"1" * 32)},
        {"kty": "OKP", "crv": "Ed25519", "x": "é"},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": ["OKP"], "crv": "Ed25519"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"keys": []},
        {"keys": 5},
        "{",
        [],
        "0" * 63 + "x",
        "0" * 62,
    ],
)
def test_what_is_no_key_is_the_operators_to_mend(key):
    """A key of another kind, half of one, or none is told as such, and never as a fault of the sender."""
    provider = generic(**SIGNED, algorithm="ed25519")
    text = key if isinstance(key, str) else json.dumps(key)
    with pytest.raises(ConfigurationError, match="is not a public key"):
        verify(provider, request(X_Sig="AAAA"), secret=Secret(text))


def test_a_private_json_web_key_is_told():
    """Whoever pastes the wrong half is told, before it is of use to anybody."""
    provider = generic(**SIGNED, algorithm="ed25519")
    key = web_key("ed25519", "one of two", d=url64(b"1" * 32))
    with pytest.raises(ConfigurationError, match="private key"):
        verify(provider, request(X_Sig="AAAA"), secret=Secret(json.dumps(key)))


def token(claims) -> str:
    text = ".".join(
        url64(json.dumps(one).encode()) for one in ({"alg": "HS256"}, claims)
    )
    made = hmac.digest(SECRET.reveal().encode(), text.encode(), "sha256")
    return f"{text}.{url64(made)}"


@pytest.mark.parametrize(
    "claims, reason",
    [
        ({}, None),
        ({"iss": "erp"}, None),
        ({"iat": IAT - 10**6}, None),
        ({"exp": IAT + 5}, None),
        ({"exp": IAT - 301}, "stale"),
        ({"nbf": IAT + 301}, "stale"),
        ({"exp": "soon"}, "bad_timestamp"),
    ],
)
def test_a_token_without_a_time_where_the_recipe_says_so(claims, reason):
    """`undated: true` asks for no `iat`; an end that the token names itself counts all the same."""
    provider = generic(scheme="jwt", algorithm="HS256", undated=True)
    sent = request(Authorization=f"Bearer {token(claims)}")
    if reason is None:
        assert verify(provider, sent).secret == 0
    else:
        assert refused(provider, sent) == reason
    if "iat" not in claims:
        dated = generic(scheme="jwt", algorithm="HS256")
        assert refused(dated, sent) in ("missing_part", "stale", "bad_timestamp")


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_what_stands_after_a_proof(encoding):
    """A suffix is part of what the sender writes: without it, or with another, nothing is proven."""
    provider = generic(
        scheme="hmac", header="X-Sig", encoding=encoding, prefix="v1=", suffix=";sha256"
    )
    signed = sign(provider, request())
    (text,) = signed.values("x-sig")
    assert text.startswith("v1=") and text.endswith(";sha256")
    assert verify(provider, signed).secret == 0
    for odd in (text.removesuffix(";sha256"), text.replace("256", "1"), text + "x"):
        changed = request(X_Sig=odd)
        assert refused(provider, changed) == "bad_signature"
    changed = replace(signed, body=BODY + b" ")
    assert refused(provider, changed) == "wrong_signature"
