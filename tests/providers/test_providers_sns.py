"""Amazon SNS: what its documentation says is signed, and that one source is one topic."""

import base64
import json
from dataclasses import replace

import pytest
from keyrings import key_pair
from provider_cases import NOW, URL, greetings, recordings

from bridge import providers
from bridge.errors import NotVerified
from bridge.providers import asymmetric, keysource

TOPIC = "arn:aws:sns:us-east-1:123456789012:MyTopic"
PUBLIC, PRIVATE = key_pair("rsa-sha256", "one of two")
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = (
    *NOTIFICATION[:2],
    "SubscribeURL",
    "Timestamp",
    "Token",
    *NOTIFICATION[4:],
)
RECORDED = [one for one in recordings() if one.name == "sns"]


def source(topic=TOPIC):
    sns = providers.get("sns")
    return providers.configure(sns, verify={"account": topic}, event={})


def by_the_documentation(request, **changes):
    """The request, signed over the names and values that Amazon lists, each with a line feed behind it."""
    body = {**json.loads(request.body), **changes}
    names = NOTIFICATION if body["Type"] == "Notification" else CONFIRMATION
    text = "".join(f"{name}\n{body[name]}\n" for name in names if name in body)
    made = asymmetric.signed("rsa-sha256", PRIVATE.reveal().encode(), text.encode())
    body["Signature"] = base64.b64encode(made).decode()
    return replace(request, body=json.dumps(body).encode())


def verify(request, topic=TOPIC):
    return providers.verify(
        source(topic), request, [], now=NOW, public_url=URL, fetched={0: [PUBLIC]}
    )


@pytest.mark.parametrize("case", RECORDED, ids=str)
def test_what_amazon_signs_is_taken(case):
    """A notification with a subject, one without, and the check of the URL."""
    assert verify(by_the_documentation(case.request))
    with pytest.raises(NotVerified):
        verify(case.request)


@pytest.mark.parametrize(
    "topic",
    [TOPIC.replace("MyTopic", "Other"), TOPIC.replace("123456789012", "999999999999")],
)
@pytest.mark.parametrize("case", RECORDED, ids=str)
def test_another_topic_is_not_taken(case, topic):
    """Amazon signs for every customer: a topic of somebody else proves nothing, whatever its messages say."""
    with pytest.raises(NotVerified):
        verify(by_the_documentation(case.request, TopicArn=topic))
    inside = f"x\nTopicArn\n{TOPIC}\nType\nNotification\n"
    with pytest.raises(NotVerified):
        verify(by_the_documentation(case.request, TopicArn=topic, Message=inside))


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "Type"])
def test_every_part_is_signed(name):
    """A value that was changed on its way, or is not there, is not proven."""
    signed = by_the_documentation(RECORDED[1].request)
    body = json.loads(signed.body)
    for changed in (
        {**body, name: body[name] + "x"},
        {k: v for k, v in body.items() if k != name},
    ):
        with pytest.raises(NotVerified):
            verify(replace(signed, body=json.dumps(changed).encode()))


@pytest.mark.parametrize(
    "url, taken",
    [
        ("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem", True),
        (
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem",
            True,
        ),
        ("https://sns.us-east-1.amazonaws.com.evil.example/x.pem", False),
        ("https://evil.s3.amazonaws.com/x.pem", False),
        ("https://sns.evil.s3.amazonaws.com/x.pem", False),
    ],
)
def test_the_certificate_is_amazons(url, taken):
    """No host at which customers of Amazon can put a file is asked for a key."""
    request = by_the_documentation(RECORDED[0].request, SigningCertURL=url)
    assert bool(keysource.asked(source(), request)) is taken


def test_the_check_names_what_to_ask():
    """The answer waits for the address that confirms the subscription; one at another host is no check."""
    (check,) = (one for one in greetings() if one.name == "sns")
    answer = providers.handshake(source(), check.request, [])
    assert answer and answer.confirm.startswith("https://sns.us-east-1.amazonaws.com/?")
    elsewhere = by_the_documentation(
        check.request, SubscribeURL="https://evil.example/"
    )
    assert providers.handshake(source(), elsewhere, []) is None
