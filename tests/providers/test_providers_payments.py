"""Payments and shops: signatures made by hand, and the other ways to sign that data files show."""

import base64
import hmac
import re
from dataclasses import replace

import pytest
from provider_cases import NOW, URL, cases, recordings, with_header

from bridge import providers
from bridge.errors import NotVerified
from bridge.model import Request
from bridge.providers.catalog import DATA
from bridge.secret import Secret
from bridge.strict import yaml

STAMP = str(int(NOW.timestamp()))
MS = STAMP + "000"
EXAMPLE = re.compile(r"^#   (source:.*\n(?:#     .*\n)+)", re.MULTILINE)


def recorded(name):
    (case,) = [case for case in recordings() if str(case) == name]
    return case


def mac(key, text, algorithm="sha256"):
    return hmac.new(key.encode(), text, algorithm)


def hexed(key, text, algorithm="sha256"):
    return mac(key, text, algorithm).hexdigest()


def based(key, text):
    return base64.b64encode(mac(key, text).digest()).decode()


def request(body, target="/hooks/x", **headers):
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(
        method="POST", target=target, headers=named, body=body, received_at=NOW
    )


def verify(provider, request, secret, public_url=URL):
    return providers.verify(
        provider, request, [Secret(secret)], now=NOW, public_url=public_url
    )


def examples():
    """The `source:` at the head of each data file that shows one, as it would stand in a mapping file."""
    for path in sorted(DATA.glob("*.yaml")):
        for text in EXAMPLE.findall(path.read_text("utf-8")):
            node, findings = yaml.compose(text.replace("\n#   ", "\n"), path.name)
            assert not findings, findings
            yield path.stem, yaml.plain(node)["source"]


def configured(name):
    (source,) = [source for stem, source in examples() if stem == name]
    secrets = ("secret", "token")
    verify = {key: val for key, val in source["verify"].items() if key not in secrets}
    event = source.get("event", {})
    return providers.configure(providers.get(name), verify=verify, event=event)


BY_HAND = {
    "paystack": lambda b, k: {"x-paystack-signature": hexed(k, b, "sha512")},
    "flutterwave": lambda b, k: {"flutterwave-signature": based(k, b)},
    "square": lambda b, k: {
        "x-square-hmacsha256-signature": based(k, URL.encode() + b"/hooks/square" + b)
    },
    "paddle": lambda b, k: {
        "Paddle-Signature": f"ts={STAMP};h1={hexed(k, f'{STAMP}:'.encode() + b)}"
    },
    "lemonsqueezy": lambda b, k: {"X-Signature": hexed(k, b)},
    "gocardless": lambda b, k: {"Webhook-Signature": hexed(k, b)},
    "asaas": lambda b, k: {"asaas-access-token": _sent(k)},
    "kushki": lambda b, k: {
        "X-Kushki-Id": MS,
        "X-Kushki-Signature": hexed(k, b + f".{MS}".encode()),
    },
    "toku": lambda b, k: {
        "Toku-Signature": f"t={STAMP},s={hexed(k, f'{STAMP}.{_toku_id(b)}'.encode())}"
    },
    "fintoc": lambda b, k: {
        "Fintoc-Signature": f"t={STAMP},v1={hexed(k, f'{STAMP}.'.encode() + b)}"
    },
    "sepay": lambda b, k: {"Authorization": f"Apikey {_sent(k)}"},
    "shopify": lambda b, k: {"X-Shopify-Hmac-Sha256": based(k, b)},
    "woocommerce": lambda b, k: {"X-WC-Webhook-Signature": based(k, b)},
}
SIGNED = [case for case in cases() if case.name in BY_HAND]


def _sent(token):
    """A header's UTF-8 bytes as a server reads them."""
    return token.encode().decode("latin-1")


def _toku_id(body):
    return re.search(rb'"id":"(whe_[^"]+)"', body)[1].decode()


@pytest.mark.parametrize("case", SIGNED, ids=str)
def test_a_signature_made_by_hand_is_accepted(case):
    """Made of the sender's steps with nothing of ours: header, encoding, separators and signed text agree."""
    signed, key = case.request, "a secret of the sender's own kind: ü"
    for name, value in BY_HAND[case.name](signed.body, key).items():
        signed = with_header(signed, name, value)
    assert verify(case.provider, signed, key).secret == 0


@pytest.mark.parametrize("name", [name for name, _ in examples()])
def test_the_example_at_the_head_of_a_data_file_works(name):
    """What a person copies from there is a source."""
    assert configured(name).recipe is not None


def test_flutterwave_3_sends_its_secret_hash():
    """As its data file shows: another header, no hash of the body, an id that is a hash, and no time of its own."""
    body = b'{"event":"charge.completed","data":{"id":8000442,"status":"%s","created_at":"2026-03-12T09:00:00.000Z"}}'
    paid, failed = body % b"successful", body % b"failed"
    provider = configured("flutterwave")
    found = verify(provider, request(paid, verif_hash="my hash"), "my hash")
    (event,) = providers.read(provider, "s", found)
    assert event.type == "charge.completed" and event.event_id.startswith("sha256:")
    assert event.occurred_at is None  # created_at is when the charge was begun
    (other,) = providers.read(provider, "s", providers.trust(request(failed)))
    assert other.event_id != event.event_id
    with pytest.raises(NotVerified):
        verify(provider, request(paid, verif_hash="another hash"), "my hash")


@pytest.mark.parametrize("stamp, accepted", [(STAMP, True), ("1773299000", False)])
def test_sepay_with_hmac(stamp, accepted):
    """As its data file shows: the time is signed and must be a recent one."""
    body = b'{"id":9270442,"transferType":"in"}'
    signature = "sha256=" + hexed("key", f"{stamp}.".encode() + body)
    signed = request(body, X_SePay_Timestamp=stamp, X_SePay_Signature=signature)
    if accepted:
        assert verify(configured("sepay"), signed, "key").secret == 0
        return
    with pytest.raises(NotVerified) as caught:
        verify(configured("sepay"), signed, "key")
    assert caught.value.reason == "stale"


def test_toku_proves_the_id_and_nothing_else():
    """The data file warns of it: an amount can change under the same signature, the id cannot."""
    case = recorded("toku/payment_intent.succeeded__transfer")
    signed = case.signed()
    dearer = replace(signed, body=signed.body.replace(b'"59900"', b'"99900"'))
    assert case.verify(dearer).secret == 0
    another = replace(signed, body=signed.body.replace(b"00442", b"00443", 1))
    with pytest.raises(NotVerified):
        case.verify(another)
