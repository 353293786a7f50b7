"""Signatures by public key."""

import base64
from dataclasses import replace
from importlib import import_module

import pytest
from keyrings import key_pair
from recipe_tools import generic, refused, request, sign, verify

from bridge import providers
from bridge.errors import ConfigurationError
from bridge.providers import asymmetric
from bridge.secret import Secret

SIGNED = {"scheme": "asymmetric", "header": "X-Sig"}


def test_an_algorithm_is_named():
    """What a signature is checked with is the operator's word; none is guessed from the key."""
    with pytest.raises(providers.RecipeError) as caught:
        generic(**SIGNED)
    assert caught.value.findings == {
        "verify.algorithm": "must be one of ecdsa-p256, rsa-sha256, ed25519"
    }


@pytest.mark.parametrize("lengths", [(32, 32), (1, 32), (31, 31), (32, 1)])
def test_plain_and_der_numbers_are_the_same_signature(lengths):
    """JWTs write the two numbers of a P-256 signature one after the other, with their leading zeros."""
    for digit in (b"\x7f", b"\x80", b"\xff"):
        plain = b"".join((digit * length).rjust(32, b"\0") for length in lengths)
        assert asymmetric.plain(asymmetric.der(plain)) == plain
    assert asymmetric.der(b"\1" * 63) == b""


@pytest.mark.parametrize("algorithm", asymmetric.ALGORITHMS)
def test_the_owner_of_the_key_alone_is_accepted(algorithm):
    """A signature by the private half is accepted, for this body and by this key."""
    provider = generic(**SIGNED, algorithm=algorithm)
    public, private = key_pair(algorithm, "one of two")
    other, _ = key_pair(algorithm, "the other")
    signed = sign(provider, request(), secret=private)
    assert verify(provider, signed, secret=public).secret == 0
    changed = replace(signed, body=signed.body + b" ")
    assert refused(provider, changed, secret=public) == "wrong_signature"
    assert refused(provider, signed, secret=other) == "wrong_signature"


@pytest.mark.parametrize("algorithm", asymmetric.ALGORITHMS)
def test_a_key_of_another_kind_is_a_fault_of_the_operator(algorithm):
    """The recipe says what kind of key it needs; a key never chooses the algorithm."""
    provider = generic(**SIGNED, algorithm=algorithm)
    _, private = key_pair(algorithm, "one of two")
    signed = sign(provider, request(), secret=private)
    for other in {*asymmetric.ALGORITHMS} - {algorithm}:
        with pytest.raises(ConfigurationError, match=f"does not fit {algorithm}"):
            verify(provider, signed, secret=key_pair(other, "one of two")[0])


def test_a_private_key_is_not_taken_where_a_public_one_belongs():
    """Whoever pastes the wrong half is told, before it is of use to anybody."""
    provider = generic(**SIGNED, algorithm="ed25519")
    _, private = key_pair("ed25519", "one of two")
    signed = sign(provider, request(), secret=private)
    with pytest.raises(ConfigurationError, match="private key"):
        verify(provider, signed, secret=private)


def test_keys_come_in_pem_der_raw_and_certificates():
    """SendGrid gives base64 of DER, others 32 bytes, PayPal a certificate: each is the same key."""
    public, private = key_pair("ed25519", "one of two")
    provider = generic(**SIGNED, algorithm="ed25519")
    signed = sign(provider, request(), secret=private)
    for text in (public.reveal(), *spellings(public), certificate(private)):
        assert verify(provider, signed, secret=Secret(text)).secret == 0
    with pytest.raises(ConfigurationError, match="is not a public key"):
        verify(provider, signed, secret=Secret("hello"))


def test_a_short_rsa_key_is_refused():
    """Under 2,048 bits a signature can be forged by those who care to."""
    rsa = import_module("cryptography.hazmat.primitives.asymmetric.rsa")
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    form = import_module("cryptography.hazmat.primitives.serialization")
    pem = short.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    provider = generic(**SIGNED, algorithm="rsa-sha256")
    with pytest.raises(ConfigurationError, match="2048 bits"):
        verify(provider, request(X_Sig="AAAA"), secret=Secret(pem.decode()))


def spellings(public) -> list[str]:
    form = import_module("cryptography.hazmat.primitives.serialization")
    key = form.load_pem_public_key(public.reveal().encode())
    der = key.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    raw = key.public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
    return [base64.b64encode(one).decode() for one in (der, raw)]


def certificate(private) -> str:
    """A certificate that ended long ago: the operator's choice of it is what counts."""
    form = import_module("cryptography.hazmat.primitives.serialization")
    x509 = import_module("cryptography.x509")
    dates = import_module("datetime")
    key = form.load_pem_private_key(private.reveal().encode(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    day = dates.datetime(2020, 1, 1)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day)
    return built.sign(key, None).public_bytes(form.Encoding.PEM).decode()
