"""The judges: which packages there are, and which providers each one knows."""

import judges_others as others
import judges_payments as payments
from judging import Judge


def _judge(package, module, believes, signs=None, *, of, refusals=()):
    return Judge(
        package=package,
        module=module,
        providers=tuple(of.split()),
        believes=believes,
        signs=signs,
        refusals=refusals,
    )


JUDGES = (
    _judge(
        "Adyen",
        "Adyen",
        payments.adyen_believes,
        payments.adyen_signs,
        of="adyen",
    ),
    _judge(
        "braintree",
        "braintree",
        payments.braintree_believes,
        payments.braintree_signs,
        of="braintree",
        refusals=("InvalidSignatureError",),
    ),
    _judge(
        "fintoc",
        "fintoc",
        payments.fintoc_believes,
        payments.fintoc_signs,
        of="fintoc",
        refusals=("WebhookSignatureError",),
    ),
    _judge(
        "gidgethub",
        "gidgethub",
        others.github_believes,
        of="github",
        refusals=("ValidationFailure",),
    ),
    _judge(
        "gocardless_pro",
        "gocardless_pro",
        payments.gocardless_believes,
        of="gocardless",
        refusals=("InvalidSignatureError",),
    ),
    _judge(
        "hubspot-api-client",
        "hubspot",
        others.hubspot_believes,
        others.hubspot_signs,
        of="hubspot hubspot-v1 hubspot-v2",
        refusals=("InvalidSignatureTimestampError",),
    ),
    _judge(
        "mercadopago",
        "mercadopago",
        payments.mercadopago_believes,
        of="mercadopago",
        refusals=("InvalidWebhookSignatureError",),
    ),
    _judge(
        "paddle-python-sdk",
        "paddle_billing",
        payments.paddle_believes,
        of="paddle",
    ),
    _judge(
        "payos",
        "payos",
        payments.payos_believes,
        payments.payos_signs,
        of="payos",
        refusals=("WebhookError",),
    ),
    _judge(
        "razorpay",
        "razorpay",
        payments.razorpay_believes,
        of="razorpay",
        refusals=("SignatureVerificationError",),
    ),
    _judge("sendgrid", "sendgrid", others.sendgrid_believes, of="sendgrid"),
    _judge(
        "slack_sdk",
        "slack_sdk",
        others.slack_believes,
        others.slack_signs,
        of="slack slack-interactive",
    ),
    _judge("squareup", "square", payments.square_believes, of="square"),
    _judge(
        "standardwebhooks",
        "standardwebhooks",
        *others.standard("standardwebhooks"),
        of="standard gitlab-signed",
        refusals=("WebhookVerificationError",),
    ),
    _judge(
        "stripe",
        "stripe",
        payments.stripe_believes,
        payments.stripe_signs,
        of="stripe",
        refusals=("SignatureVerificationError",),
    ),
    _judge(
        "svix",
        "svix",
        *others.standard("svix"),
        of="standard gitlab-signed",
        refusals=("WebhookVerificationError",),
    ),
    _judge(
        "twilio",
        "twilio",
        others.twilio_believes,
        others.twilio_signs,
        of="twilio",
    ),
)

INSTALLED = tuple(judge for judge in JUDGES if judge.installed)
