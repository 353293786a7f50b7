"""One spelling each: proofs, keys and timestamps that a lenient reader would take are refused."""

import base64
import hmac
from datetime import timedelta

import pytest
from provider_cases import NOW, with_header
from recipe_tools import BODY, HMAC, SECRET, generic, refused, request, sign, verify

from bridge import providers
from bridge.errors import ConfigurationError
from bridge.secret import Secret

STAMPED = {**HMAC, "signed": ["header.X-Time", "raw"]}
ISO = generic(**STAMPED, timestamp={"from": "header.X-Time", "unit": "iso"})
AUTO = generic(**STAMPED, timestamp={"from": "header.X-Time", "unit": "auto"})


@pytest.mark.parametrize(
    "key, text", [("hex", "zz"), ("hex", "ab c"), ("base64", "aGk?"), ("base64", "YQ")]
)
def test_a_secret_of_another_form_is_a_fault_of_the_operator(key, text):
    """Keys are decoded strictly, and the message does not show them."""
    with pytest.raises(ConfigurationError) as caught:
        verify(generic(**HMAC, key=key), request(X_Sig="00"), secret=Secret(text))
    assert text not in str(caught.value)


@pytest.mark.parametrize("count", [0, 17])
def test_a_source_has_one_to_sixteen_secrets(count):
    """None would verify nothing, and very many would make each request dear."""
    with pytest.raises(ConfigurationError, match="16"):
        providers.verify(
            generic(**HMAC), request(), [SECRET] * count, now=NOW, public_url=None
        )


@pytest.mark.parametrize(
    "stamp",
    [
        "1_0",
        "+1",
        "-1",
        " 1",
        "1 ",
        "1.0",
        "1e9",
        "٣",
        "１",
        "",
        "9" * 14,
        "0x1",
        "2026-04-01",
    ],
)
def test_odd_timestamps_are_refused_although_they_are_signed(stamp):
    """Only 1 to 13 ASCII digits are a time; int() would take more."""
    key, sent = SECRET.reveal().encode(), stamp.encode()
    proof = hmac.new(key, sent + BODY, "sha256").hexdigest()
    headers = {"X_Time": sent.decode("latin-1"), "X_Sig": proof}
    assert refused(AUTO, request(**headers)) == "bad_timestamp"


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-04-01T12:00:00",
        "2026-13-01T12:00:00Z",
        "1775044800",
        "2026-04-01T12:00:00Z junk",
    ],
)
def test_iso_timestamps_need_a_zone_and_a_real_date(stamp):
    """A time without a zone could be any of 26 hours."""
    proof = hmac.new(
        SECRET.reveal().encode(), stamp.encode() + BODY, "sha256"
    ).hexdigest()
    assert refused(ISO, request(X_Time=stamp, X_Sig=proof)) == "bad_timestamp"


@pytest.mark.parametrize("number", [1775044800, 1775044800000])
def test_auto_takes_seconds_and_milliseconds(number):
    """What is too large for seconds is milliseconds."""
    stamp = str(number)
    proof = hmac.new(
        SECRET.reveal().encode(), stamp.encode() + BODY, "sha256"
    ).hexdigest()
    sent = request(X_Time=stamp, X_Sig=proof)
    assert verify(AUTO, sent).secret == 0
    assert refused(AUTO, sent, now=NOW + timedelta(seconds=301)) == "stale"


@pytest.mark.parametrize(
    "spelling", [" {0}", "{0} ", "{0}\n", "0x{0}", "{1} {2}", "{0}0", "{1}"]
)
def test_a_hex_proof_has_one_spelling(spelling):
    """Strict hex: no spaces inside, no prefix, no half byte; blanks around are not part of a header's value."""
    provider = generic(**HMAC)
    proof = hmac.new(SECRET.reveal().encode(), BODY, "sha256").hexdigest()
    odd = spelling.format(proof, proof[:32], proof[32:])
    if odd.strip() == proof:
        assert verify(provider, request(X_Sig=odd)).secret == 0
    else:
        assert refused(provider, request(X_Sig=odd)) in (
            "bad_signature",
            "wrong_signature",
        )


@pytest.mark.parametrize(
    "change", ["{0}=", "{0}\n{0}", "{1}", "-_{0}", "{0}AAAA", "{2}"]
)
def test_a_base64_proof_has_one_spelling(change):
    """Strict base64: the standard alphabet, canonical padding, nothing after it."""
    provider = generic(**HMAC, encoding="base64")
    proof = base64.b64encode(
        hmac.digest(SECRET.reveal().encode(), BODY, "sha256")
    ).decode()
    last = chr(ord(proof[-2]) + 1)
    odd = change.format(proof, proof.rstrip("="), proof[:-2] + last + "=")
    assert refused(provider, request(X_Sig=odd)) in ("bad_signature", "wrong_signature")


def test_a_joined_header_with_blanks_does_not_hide_a_second_timestamp():
    """`t=1,v1=a, t=2,v1=b`, as proxies join two headers, has two timestamps and no first one that wins."""
    provider = providers.get("stripe")
    signed = sign(provider, request())
    (value,) = signed.values("stripe-signature")
    joined = with_header(signed, "Stripe-Signature", f"{value}, t=1,v1=00")
    assert refused(provider, joined) == "doubled_part"
