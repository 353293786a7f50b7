"""What kind of event it is where the sender names no kind: told by which key is there; and the ids that go with it."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest
from provider_cases import NOW, one, provider_of

from bridge import providers
from bridge.model import Request
from bridge.providers import RecipeError
from bridge.secret import Secret
from bridge.strict import json

KEYS = "body.a=first|body.b=second|query.kind"


@pytest.mark.parametrize(
    "body, target, kind",
    [
        ({"a": {"x": 1}}, "/", "first"),
        ({"b": [], "c": 1}, "/", "second"),
        ({"b": 0}, "/", "second"),
        ({"a": False}, "/", "first"),
        ({"a": None, "b": "x"}, "/", "second"),
        ({"a": "", "b": "x"}, "/", "second"),
        ({"a": ""}, "/?kind=third", "third"),
        ({}, "/", "unknown"),
    ],
)
def test_a_key_that_is_there_gives_its_word(body, target, kind):
    """The first that holds anything but null and empty text; a place without a word gives its value, as ever."""
    assert one({"type": KEYS}, body, target=target).type == kind


def test_words_are_joined_and_told_apart_as_values_are():
    """A word may be one part of a type or an id, with blanks around the `=`, and of a header, which is then kept."""
    event = {
        "id": ["body.n", "header.X-Again = again|body.kind"],
        "type": ["body.a=thing", "body.kind"],
    }
    found = one(event, {"n": 1, "a": {}, "kind": "made"}, X_Again="yes")
    assert (found.event_id, found.type) == ("1:again", "thing.made")
    assert found.headers == {"x-again": "yes"}


@pytest.mark.parametrize(
    "event",
    [
        {"type": "body.a="},
        {"type": "body.a= |body.b"},
        {"type": "body.a=x\ty"},
        {"type": "body=x=|=y"},
        {"time": "header.X-At=x"},
        {"volatile": ["header.X-At=x"]},
    ],
)
def test_a_word_that_is_none_is_an_error(event):
    """Words are text, and stand where names are read; elsewhere they are told when the mapping file is read."""
    with pytest.raises(RecipeError):
        one(event, {})


def read(name, body, content="application/x-www-form-urlencoded", **headers):
    raw = (
        json.dumps(body) if content == "application/json" else urlencode(body).encode()
    )
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    request = Request(
        method="POST",
        target="/",
        headers=(("Content-Type", content), *named),
        body=raw,
        received_at=NOW,
    )
    return providers.read(provider_of(name), "s", providers.trust(request))


CALL = {"CallSid": "CA1", "CallStatus": "completed", "SequenceNumber": "3"}
RECORDED = {"CallSid": "CA1", "RecordingSid": "RE1", "RecordingStatus": "completed"}


@pytest.mark.parametrize(
    "fields, kind",
    [
        (CALL, "completed"),
        (CALL | {"RecordingSid": "RE1", "RecordingUrl": "https://a"}, "completed"),
        (RECORDED, "recording.completed"),
        (RECORDED | {"RecordingStatus": "absent"}, "recording.absent"),
        (
            {"TranscriptionSid": "TR1", "TranscriptionStatus": "failed"}
            | {"RecordingSid": "RE1"},
            "transcription.failed",
        ),
        (
            {"ConferenceSid": "CF1", "StatusCallbackEvent": "conference-end"},
            "conference-end",
        ),
        ({"EventType": "task.canceled", "TaskSid": "WT1"}, "task.canceled"),
        ({"EventType": "onMessageAdded", "MessageSid": "IM1"}, "onMessageAdded"),
        ({"SmsSid": "SM1", "SmsStatus": "received"}, "received"),
    ],
)
def test_twilio_names_the_kind_by_the_keys_that_it_sends(fields, kind):
    """Recordings and transcriptions are not taken for the call that they are of."""
    (event,) = read("twilio", fields)
    assert event.type == kind


@pytest.mark.parametrize(
    "fields, other",
    [
        (CALL, RECORDED),
        (RECORDED, {"TranscriptionSid": "TR1", "TranscriptionStatus": "completed"}),
        (
            {"ConferenceSid": "CF1", "StatusCallbackEvent": "participant-join"}
            | {"SequenceNumber": "1", "CallSid": "CA1"},
            {"SequenceNumber": "2", "CallSid": "CA2"},
        ),
        (
            {"EventType": "task.updated", "TaskSid": "WT1", "Sid": "EV1"},
            {"Sid": "EV2"},
        ),
        (
            {"EventType": "task.updated", "TaskSid": "WT1", "Timestamp": "1773512524"},
            {"Timestamp": "1773512525"},
        ),
        (
            {"EventType": "onMessageUpdated", "MessageSid": "IM1"}
            | {"DateUpdated": "2026-03-14T18:22:00Z"},
            {"DateUpdated": "2026-03-14T18:23:00Z"},
        ),
    ],
)
def test_two_occurrences_at_twilio_are_two_events(fields, other):
    """A second participant, a second change of a task: the same object and kind, and not the same event."""
    (first,), (second,) = read("twilio", fields), read("twilio", fields | other)
    assert first.event_id != second.event_id
    (again,) = read("twilio", fields)
    assert again.event_id == first.event_id


def test_an_event_of_a_stream_is_named_by_itself():
    """Whoever comes beside it in a list of Event Streams, and under whatever token of the delivery."""
    kind = "com.twilio.voice.status-callback.call.completed"
    events = [{"id": f"EZ{n}", "type": kind, "data": {"n": n}} for n in (1, 2)]
    both = read("twilio", events, "application/json", I_Twilio_Idempotency_Token="t1")
    alone = read(
        "twilio", events[1], "application/json", I_Twilio_Idempotency_Token="t2"
    )
    assert [event.event_id for event in both] == [f"EZ1:{kind}", f"EZ2:{kind}"]
    assert alone[0].event_id == both[1].event_id


@pytest.mark.parametrize("name", ["hubspot", "hubspot-v1", "hubspot-v2"])
@pytest.mark.parametrize(
    "body, kind",
    [
        ({"vid": 1, "is-contact": True, "properties": {}}, "CONTACT"),
        ({"companyId": 7, "properties": {}}, "COMPANY"),
        ({"dealId": 7, "properties": {}}, "DEAL"),
        ({"objectId": 7, "objectType": "TICKET", "properties": {}}, "TICKET"),
        ({"email": "robin@example.com"}, "unknown"),
    ],
)
def test_hubspot_workflows_send_an_object(name, body, kind):
    """What object it is tells the key of its number, where no objectType does; chosen properties tell nothing."""
    changed = {"lastmodifieddate": {"value": "1773846131220"}}
    body = body | {"properties": changed} if "properties" in body else body
    (event,) = read(name, body, "application/json")
    assert event.type == kind
    assert bool(event.occurred_at) == ("properties" in body)


@pytest.mark.parametrize(
    "kind, held, seconds",
    [
        ("channel_post", {"date": 1773654312}, 1773654312),
        ("edited_channel_post", {"date": 1, "edit_date": 1773654400}, 1773654400),
        ("my_chat_member", {"date": 1773654312}, 1773654312),
        ("chat_boost", {"boost": {"add_date": 1773654312}}, 1773654312),
        ("poll", {"id": "1"}, None),
        ("inline_query", {"id": "1"}, None),
        ("kind_of_next_year", {}, None),
    ],
)
def test_telegram_says_the_kind_by_a_key(kind, held, seconds):
    """The key beside update_id is the type; one that nobody knows yet is unknown, and kept whole."""
    (event,) = read("telegram", {"update_id": 7, kind: held}, "application/json")
    assert event.type == ("unknown" if kind == "kind_of_next_year" else kind)
    assert event.event_id == "7" and kind in event.payload
    assert (event.occurred_at and event.occurred_at.timestamp()) == seconds


def test_adyens_platform_sends_one_event_signed_as_a_whole():
    """Its header proves the body; type, time and test mode stand there, and no item does."""
    body = {
        "data": {"accountHolder": {"id": "AH1"}},
        "environment": "test",
        "timestamp": "2026-03-17T10:42:03+01:00",
        "type": "balancePlatform.accountHolder.updated",
    }
    key, raw = "44782DEF547AAA06", json.dumps(body)
    proof = hmac.new(bytes.fromhex(key), raw, hashlib.sha256).digest()
    request = Request(
        method="POST",
        target="/hooks/adyen",
        headers=(
            ("Content-Type", "application/json"),
            ("HmacSignature", base64.b64encode(proof).decode()),
        ),
        body=raw,
        received_at=NOW,
    )
    provider = provider_of("adyen")
    verified = providers.verify(
        provider, request, [Secret(key)], now=NOW, public_url="https://a.example"
    )
    (event,) = providers.read(provider, "s", verified)
    assert (event.type, event.live, event.notes) == (body["type"], False, ())
    assert event.occurred_at.isoformat() == "2026-03-17T09:42:03+00:00"
    assert event.event_id.startswith("sha256:") and event.payload == body
