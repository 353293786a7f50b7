"""How the packages of payment senders are asked: `…_believes(case, request)`, `…_signs(case)`."""

import warnings
from dataclasses import replace
from functools import cache
from urllib.parse import parse_qs, urlencode

from judging import STAMP, head, key, module, text
from provider_cases import ACCOUNT, URL, with_header

from bridge.providers.view import View
from bridge.strict import json


def stripe_believes(case, request):
    check = module("stripe").WebhookSignature.verify_header
    check(text(request), head(request, "Stripe-Signature"), key(case), tolerance=None)


def stripe_signs(case):
    """Second to a signature of an old secret, as while a secret is changed."""
    make = module("stripe").WebhookSignature.generate_signature_header
    stamp, made = make(text(case.request), key(case), int(STAMP)).split(",")
    proof = f"{stamp},v1={'0' * 64},{made},v0={'1' * 64}"
    return with_header(case.request, "Stripe-Signature", proof)


def adyen_believes(case, request):
    check = module("Adyen.util").is_valid_hmac_notification
    items = View(request).body["notificationItems"]
    return all(check({"notificationItems": [item]}, key(case)) for item in items)


def adyen_signs(case):
    """The package joins what a caller gives it, so an amount is given as the text that JSON holds."""
    make = module("Adyen.util").generate_notification_sig
    body = View(case.request).body
    for one in body["notificationItems"]:
        item = one["NotificationRequestItem"]
        plain = {name: val for name, val in item.items() if name != "additionalData"}
        proof = make(plain, key(case)).decode()
        item.setdefault("additionalData", {})["hmacSignature"] = proof
    return replace(case.request, body=json.dumps(body))


def _braintree(case):
    package = module("braintree")
    return package.BraintreeGateway(
        package.Configuration(
            environment=package.Environment.Sandbox,
            merchant_id="merchant",
            public_key=ACCOUNT,
            private_key=key(case),
        )
    )


def _form(request):
    return {name: values[0] for name, values in parse_qs(text(request)).items()}


def braintree_believes(case, request):
    form = _form(request)
    parse = _braintree(case).webhook_notification.parse
    parse(form.get("bt_signature"), form.get("bt_payload"))


def braintree_signs(case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sample = _braintree(case).webhook_testing.sample_notification(
            "subscription_canceled", "sub_1"
        )
    return replace(case.request, body=urlencode(sample).encode())


def challenge(case, question: str) -> str:
    """What Braintree's package answers to a check of the URL."""
    return _braintree(case).webhook_notification.verify(question)


def fintoc_believes(case, request):
    check = module("fintoc.webhook").WebhookSignature.verify_header
    check(text(request), head(request, "Fintoc-Signature"), key(case))


def fintoc_signs(case):
    make = module("fintoc.webhook").WebhookSignature._compute_signature
    made = make(text(case.request), int(STAMP), key(case))
    return with_header(case.request, "Fintoc-Signature", f"t={STAMP},v1={made}")


def gocardless_believes(case, request):
    parse = module("gocardless_pro.webhooks").parse
    parse(request.body, key(case), head(request, "Webhook-Signature"))


def mercadopago_believes(case, request):
    validator = module("mercadopago.webhook.validator").WebhookSignatureValidator
    validator.validate(
        head(request, "x-signature"),
        head(request, "x-request-id"),
        _query(request, "data.id"),
        key(case),
    )


def _query(request, name):
    return parse_qs(request.target.partition("?")[2])[name][0]


def paddle_believes(case, request):
    package = module("paddle_billing.Notifications.PaddleSignature")
    secret = module("paddle_billing.Notifications.Secret").Secret(key(case))
    header = head(request, "Paddle-Signature")
    return package.PaddleSignature().verify(header, text(request), secret)


@cache
def _payos(secret):
    """One for each secret: it opens an HTTP client, which takes long."""
    return module("payos").PayOS(
        client_id="client", api_key="api key", checksum_key=secret
    )


def payos_believes(case, request):
    _payos(key(case)).webhooks.verify(request.body)


def payos_signs(case):
    body = View(case.request).body
    make = _payos(key(case)).crypto.create_signature_from_object
    body["signature"] = make(body["data"], key(case))
    return replace(case.request, body=json.dumps(body))


def razorpay_believes(case, request):
    check = module("razorpay").Utility().verify_webhook_signature
    return check(text(request), head(request, "X-Razorpay-Signature"), key(case))


def square_believes(case, request):
    return module("square.utils.webhooks_helper").verify_signature(
        request_body=text(request),
        signature_header=head(request, "x-square-hmacsha256-signature"),
        signature_key=key(case),
        notification_url=URL + request.target,
    )
