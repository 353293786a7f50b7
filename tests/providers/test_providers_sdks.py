"""Independent judges: the senders' own packages and published test values agree with verify() and sign()."""

from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec

import pytest
import stripe
from provider_cases import NOW, URL, cases, with_header

from bridge import providers
from bridge.errors import NotVerified
from bridge.model import Request
from bridge.secret import Secret

STRIPE = [case for case in cases() if case.name == "stripe"]
STANDARD = [case for case in cases() if case.file == "invoice.paid__webhook_headers"]


@pytest.mark.parametrize("case", STRIPE, ids=str)
def test_the_stripe_package_accepts_what_we_sign(case):
    """stripe.WebhookSignature takes our header, and refuses it for another body."""
    signed = case.signed()
    (header,) = signed.values("stripe-signature")
    check = stripe.WebhookSignature.verify_header
    body = signed.body.decode()
    assert check(body, header, case.secret.reveal(), tolerance=None)
    with pytest.raises(stripe.SignatureVerificationError):
        check(body + " ", header, case.secret.reveal(), tolerance=None)


@pytest.mark.parametrize("case", STRIPE, ids=str)
def test_we_accept_what_the_stripe_package_signs(case):
    """A signature that the stripe package computes is accepted, also as the second v1 beside an old one."""
    stamp = int(NOW.timestamp())
    payload = f"{stamp}.{case.request.body.decode()}"
    theirs = stripe.WebhookSignature._compute_signature(payload, case.secret.reveal())
    header = f"t={stamp},v1={'0' * 64},v1={theirs},v0={'1' * 64}"
    request = with_header(case.request, "Stripe-Signature", header)
    assert case.verify(request).secret == 0
    with pytest.raises(NotVerified):
        case.verify(
            with_header(request, "Stripe-Signature", header.replace(",v1", ",v2"))
        )


def test_the_published_standard_webhooks_values():
    """The secret, id, time, body and signature that Svix publishes for its own libraries."""
    request = Request(
        method="POST",
        target="/hooks/standard",
        headers=(
            ("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("svix-timestamp", "1614265330"),
            ("svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ),
        body=b'{"test": 2432232314}',
        received_at=NOW,
    )
    found = providers.verify(
        providers.get("standard"),
        request,
        [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        now=datetime.fromtimestamp(1614265330, UTC),
        public_url=URL,
    )
    assert found.secret == 0


if find_spec("standardwebhooks"):

    @pytest.mark.parametrize("case", STANDARD, ids=str)
    def test_the_standardwebhooks_package_agrees_both_ways(case, time_machine):
        """Where the reference implementation is installed, it takes our headers, and we take its signature."""
        time_machine.move_to(NOW, tick=False)
        judge = import_module("standardwebhooks").Webhook(case.secret.reveal())
        signed = case.signed()
        headers = {name.lower(): value for name, value in signed.headers}
        assert judge.verify(signed.body.decode(), headers)["type"] == "invoice.paid"
        theirs = judge.sign(headers["webhook-id"], NOW, signed.body.decode())
        request = with_header(signed, "webhook-signature", f"v1a,AAAA {theirs}")
        assert case.verify(request).secret == 0


def test_the_published_github_values():
    """The secret, body and signature in GitHub's documentation of validating deliveries."""
    request = Request(
        method="POST",
        target="/hooks/github",
        headers=(
            (
                "X-Hub-Signature-256",
                "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            ),
        ),
        body=b"Hello, World!",
        received_at=NOW,
    )
    secret = Secret("It's a Secret to Everybody")
    found = providers.verify(
        providers.get("github"), request, [secret], now=NOW, public_url=URL
    )
    assert found.secret == 0
