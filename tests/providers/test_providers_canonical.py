"""The named texts that three senders sign, and documents inside fields, against values worked out by hand."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from provider_cases import read
from recipe_tools import SECRET, refused, request, sign, verify

from bridge import providers
from bridge.errors import Malformed

KEY = SECRET.reveal().encode()
FORM = "application/x-www-form-urlencoded"
PAYOS, TWILIO, VNPAY = (providers.get(name) for name in ("payos", "twilio", "vnpay"))


def payos(data: str, signed: str):
    proof = hmac.new(KEY, signed.encode(), "sha256").hexdigest()
    return request(f'{{"data": {data}, "signature": "{proof}"}}'.encode())


@pytest.mark.parametrize(
    "data, signed",
    [
        ('{"b": "x", "a": 1}', "a=1&b=x"),
        ('{"n": null, "N": "null", "u": "undefined", "e": ""}', "N=&e=&n=&u="),
        ('{"t": true, "d": 1.50, "v": "Thành công"}', "d=1.50&t=true&v=Thành công"),
        ('{"list": [{"b": 1, "a": null}]}', 'list=[{"a":null,"b":1}]'),
        ("{}", ""),
    ],
)
def test_payos_signs_the_members_of_data(data, signed):
    """Sorted by name, null as nothing, lists as compact JSON."""
    assert verify(PAYOS, payos(data, signed)).secret == 0
    assert refused(PAYOS, payos(data, signed + "x")) == "wrong_signature"


def test_payos_without_readable_data_is_refused():
    """Data that is missing, no object, or holds one has no signed text."""
    assert refused(PAYOS, payos("[]", "")) == "missing_part"
    assert refused(PAYOS, payos('{"a": {}}', "a={}")) == "not_text"


def test_vnpay_signs_the_sorted_query():
    """Every parameter but the hash, encoded as a form writes it."""
    text = b"vnp_Amount=100&vnp_OrderInfo=Thanh+to%C3%A1n+%3A5&vnp_TxnRef=5"
    proof = hmac.new(KEY, text, "sha512").hexdigest()
    query = f"vnp_TxnRef=5&vnp_OrderInfo=Thanh%20to%c3%a1n+:5&vnp_Amount=100&vnp_SecureHash={proof}"
    target = f"/hooks/vnpay?{query}"
    assert verify(VNPAY, request(b"", target=target)).secret == 0
    upper = target.replace(proof, proof.upper())
    assert verify(VNPAY, request(b"", target=upper)).secret == 0
    assert refused(VNPAY, request(b"", target=target + "&a=1")) == "wrong_signature"


def twilio(text: bytes, **options):
    proof = base64.b64encode(hmac.digest(KEY, text, "sha1")).decode()
    return request(X_Twilio_Signature=proof, **options)


def test_twilio_signs_the_url_and_the_sorted_form():
    """Names and values without anything between them; a pair that comes twice counts once."""
    url = b"https://bridge.example.com/hooks/twilio?x=1"
    options = {"target": "/hooks/twilio?x=1", "content": FORM}
    sent = twilio(
        url + "A=&B1B2Cé".encode(), body=b"C=%C3%A9&B=2&B=1&B=2&A=%3D%26", **options
    )
    assert verify(TWILIO, sent).secret == 0
    other = twilio(url + "A=&B1Cé".encode(), body=sent.body, **options)
    assert refused(TWILIO, other) == "wrong_signature"


def test_twilio_signs_json_by_its_hash_in_the_url():
    """The URL holds the body's SHA-256; another body, or none of it in the URL, is refused."""
    body = b'{"a": 1}'
    target = f"/hooks/twilio?bodySHA256={hashlib.sha256(body).hexdigest()}"
    url = f"https://bridge.example.com{target}".encode()
    assert verify(TWILIO, twilio(url, target=target, body=body)).secret == 0
    changed = twilio(url, target=target, body=body + b" ")
    assert refused(TWILIO, changed) == "wrong_signature"
    bare = twilio(
        b"https://bridge.example.com/hooks/twilio", target="/hooks/twilio", body=body
    )
    assert refused(TWILIO, bare) == "missing_part"


def test_a_document_inside_a_form_is_the_event():
    """GitHub's form type hides JSON in a field: `unwrap` reads it, `body` stays the form."""
    event = {"content": ["form"], "unwrap": {"from": "body.payload", "as": "json"}}
    event |= {"id": "body.nr", "type": "item.kind"}
    (found,) = read(event, b"nr=7&payload=%7B%22kind%22%3A+%22x%22%7D", content=FORM)
    assert (found.event_id, found.type, found.payload) == ("7", "x", {"kind": "x"})


@pytest.mark.parametrize("body", [b"payload=", b"payload=%7B"])
def test_a_document_that_is_broken_is_malformed(body):
    """Nothing is guessed where the event should be."""
    event = {"content": ["form"], "unwrap": {"from": "body.payload", "as": "json"}}
    with pytest.raises(Malformed):
        read(event, body, content=FORM)


@pytest.mark.parametrize("body", [b"", b"a=1", b"payload=1&payload=2"])
def test_without_its_document_the_whole_body_is_an_unknown_event(body):
    """A proven body of another shape is kept, and says what was looked for."""
    event = {"content": ["form"], "unwrap": {"from": "body.payload", "as": "json"}}
    (found,) = read(event, body, content=FORM)
    assert (found.type, found.unreadable) == ("unknown", "")
    assert "body.payload is missing or not text" in found.notes[0]


@pytest.mark.parametrize("text", ["?", "PGE+", "PCFET0NUWVBFIGE+PGEvPg=="])
def test_xml_in_base64_that_cannot_be_read_is_malformed(text):
    """No base64, half an element, a document type: each is refused with a 400."""
    event = {"content": ["form"], "unwrap": {"from": "body.x", "as": "base64-xml"}}
    body = b"x=" + text.replace("+", "%2B").encode()
    with pytest.raises(Malformed):
        read(event, body, content=FORM)


def test_braintree_answers_challenges_and_nothing_that_could_be_signed():
    """Only lower-case hex is hashed for a stranger: base64 of XML, which is what is signed, never is."""
    braintree = providers.configure(
        providers.get("braintree"), verify={"account": "pk"}, event={}
    )
    forged = base64.b64encode(
        b"<notification><kind>check</kind></notification>"
    ).decode()
    for challenge in (
        forged.rstrip("="),
        "20F9F8ED05F77439FE95",
        "20f9f8ed",
        "20f9" * 9,
    ):
        assert providers.handshake(braintree, asking(challenge), [SECRET]) is None
    key = hashlib.sha1(KEY).digest()
    proof = hmac.new(key, b"20f9f8ed05f77439fe95", "sha1").hexdigest()
    found = providers.handshake(braintree, asking("20f9f8ed05f77439fe95"), [SECRET])
    assert found.body == f"pk|{proof}".encode()


def asking(challenge):
    target = f"/hooks/braintree?bt_challenge={challenge}"
    return replace(request(b"", target=target), method="GET")


def test_braintree_takes_the_pair_of_any_of_its_keys():
    """bt_signature holds a pair for each key of the account; the one that fits counts."""
    braintree = providers.configure(
        providers.get("braintree"), verify={"account": "pk"}, event={}
    )
    plain = request(b"bt_signature=x&bt_payload=PGEvPg%3D%3D%0A", content=FORM)
    signed = sign(braintree, plain)
    assert b"bt_signature=pk%7C" in signed.body
    first = signed.body.replace(b"bt_signature=", b"bt_signature=other%7C00%26")
    assert verify(braintree, replace(signed, body=first)).secret == 0
