"""Independent judges: requests, keys and signatures that senders publish to test their own libraries with."""

from urllib.parse import urlencode

import pytest
from provider_cases import NOW
from recipe_tools import request

from bridge import providers
from bridge.errors import NotVerified
from bridge.providers import asymmetric
from bridge.secret import Secret
from bridge.strict import json

PAYOS = {
    **{"orderCode": 123, "amount": 3000, "description": "VQRIO123"},
    **{"accountNumber": "12345678", "reference": "TF230204212323"},
    **{"transactionDateTime": "2023-02-04 18:25:00", "currency": "VND"},
    **{"paymentLinkId": "124c33293c43417ab7879e14c8d9eb18", "code": "00"},
    **{"desc": "Thành công", "counterAccountBankId": "", "counterAccountBankName": ""},
    **{"counterAccountName": "", "counterAccountNumber": ""},
    **{"virtualAccountName": "", "virtualAccountNumber": ""},
}
ADYEN = {
    **{"pspReference": "7914073381342284", "merchantAccountCode": "TestMerchant"},
    "merchantReference": "TestPayment-1407325143704",
    "amount": {"value": 1130, "currency": "EUR"},
    **{"eventCode": "AUTHORISATION", "success": "true"},
}
TWILIO = {
    **{"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234"},
    **{"From": "+14158675309", "To": "+18005551212"},
}
SENDGRID = {
    **{"email": "hello@world.com", "event": "dropped", "reason": "Bounced Address"},
    "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
    "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
    "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
    "timestamp": 1600112492,
}


def accepted(name, sent, secret, url="https://mycompany.com") -> bool:
    try:
        providers.verify(
            providers.get(name), sent, [Secret(secret)], now=NOW, public_url=url
        )
    except NotVerified:
        return False
    return True


def payos(**changed):
    signature = "412e915d2871504ed31be63c8f62a149a4410d34c4c42affc9006ef9917eaa03"
    return request(json.dumps({"data": {**PAYOS, **changed}, "signature": signature}))


def adyen(**changed):
    signature = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="
    item = {**ADYEN, **changed, "additionalData": {"hmacSignature": signature}}
    batch = {"notificationItems": [{"NotificationRequestItem": item}]}
    return request(json.dumps(batch))


def twilio(**changed):
    return request(
        urlencode({**TWILIO, **changed}).encode(),
        target="/myapp.php?foo=1&bar=2",
        content="application/x-www-form-urlencoded",
        X_Twilio_Signature="RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    )


@pytest.mark.parametrize(
    "name, made, secret",
    [
        (
            "payos",
            payos,
            "1a54716c8f0efb2744fb28b6e38b25da7f67a925d98bc1c18bd8faaecadd7675",
        ),
        (
            "adyen",
            adyen,
            "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
        ),
        ("twilio", twilio, "12345"),
    ],
)
def test_the_published_values(name, made, secret):
    """The sender's own example is accepted as it is, and refused with another value."""
    assert accepted(name, made(), secret)
    known = {"payos": "amount", "adyen": "pspReference", "twilio": "Digits"}[name]
    assert not accepted(name, made(**{known: "3001"}), secret)


if asymmetric.available():

    def test_the_published_sendgrid_values():
        """The key, time, event and signature with which SendGrid tests its own libraries."""
        headers = {
            "X_Twilio_Email_Event_Webhook_Timestamp": "1600112502",
            "X_Twilio_Email_Event_Webhook_Signature": "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZU"
            "AiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
        }
        key = (
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1"
            "flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
        )
        body = json.dumps([SENDGRID]) + b"\r\n"
        assert accepted("sendgrid", request(body, **headers), key)
        assert not accepted("sendgrid", request(body + b" ", **headers), key)
