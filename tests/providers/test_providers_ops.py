"""Developers', messaging and monitoring senders: signatures made by hand, and what is one event."""

import base64
import hmac
from dataclasses import replace

import pytest
from provider_cases import NOW, URL, cases, recordings, refused, with_header

from bridge import providers
from bridge.errors import NotVerified
from bridge.secret import Secret
from bridge.strict import http, json

STAMP = str(int(NOW.timestamp()))
KEY = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, all ok").decode()


def recorded(name):
    (case,) = [case for case in recordings() if str(case) == name]
    return case


def hexed(text, key=KEY):
    return hmac.new(key.encode(), text, "sha256").hexdigest()


def based(text, key=KEY.encode()):
    return base64.b64encode(hmac.new(key, text, "sha256").digest()).decode()


def accepted(provider, request, secret, now=NOW):
    return providers.verify(
        provider, request, [Secret(secret)], now=now, public_url=URL
    )


def _slack(request):
    return {
        "X-Slack-Request-Timestamp": STAMP,
        "X-Slack-Signature": "v0=" + hexed(f"v0:{STAMP}:".encode() + request.body),
    }


def _gitlab(request):
    (name,) = request.values("webhook-id")
    text = f"{name}.{STAMP}.".encode() + request.body
    key = base64.b64decode(KEY.removeprefix("whsec_"))
    signature = f"v1,{based(b'of another key')} v1,{based(text, key)}"
    return {"webhook-timestamp": STAMP, "webhook-signature": signature}


GRAFANA = "X-Grafana-Alerting-Signature"
BY_HAND = {
    "gitlab": lambda r: {"X-Gitlab-Token": KEY},
    "gitlab-signed": _gitlab,
    "bitbucket": lambda r: {"X-Hub-Signature": "sha256=" + hexed(r.body)},
    "jira": lambda r: {"X-Hub-Signature": "sha256=" + hexed(r.body)},
    "linear": lambda r: {"Linear-Signature": hexed(r.body)},
    "slack": _slack,
    "slack-interactive": _slack,
    "alertmanager": lambda r: {"Authorization": f"Bearer {KEY}"},
    "grafana": lambda r: {
        f"{GRAFANA}-Timestamp": STAMP,
        GRAFANA: hexed(f"{STAMP}:".encode() + r.body),
    },
    "pagerduty": lambda r: {
        "X-PagerDuty-Signature": f"v1={hexed(b'old')},v1={hexed(r.body)}"
    },
    "sentry": lambda r: {"Sentry-Hook-Signature": hexed(r.body)},
    "typeform": lambda r: {"Typeform-Signature": "sha256=" + based(r.body)},
    "calendly": lambda r: {
        "Calendly-Webhook-Signature": f"t={STAMP},v1={hexed(f'{STAMP}.'.encode() + r.body)}"
    },
}
SIGNED = [case for case in cases() if case.name in BY_HAND]


@pytest.mark.parametrize("case", SIGNED, ids=str)
def test_a_signature_made_by_hand_is_accepted_for_its_body_alone(case):
    """Made of the sender's steps with nothing of ours; where it signs, one byte more is refused."""
    signed = case.request
    for name, value in BY_HAND[case.name](case.request).items():
        signed = with_header(signed, name, value)
    assert accepted(case.provider, signed, KEY).secret == 0
    if case.recipe.scheme == "hmac":
        with pytest.raises(NotVerified):
            accepted(case.provider, replace(signed, body=signed.body + b" "), KEY)


@pytest.mark.parametrize("name", ["alertmanager", "grafana"])
def test_an_alert_that_is_repeated_is_the_same_event(name):
    """After the repeat interval the values have changed, and so have the others in its group; the alert has not."""
    case = recorded(f"{name}/firing__usual")
    body = json.loads(case.request.body)
    (alert,) = body["alerts"]
    later = {**alert, "annotations": {"description": "2 left"}, "generatorURL": "other"}
    group = {**body, "alerts": [{**alert, "fingerprint": "of another"}, later]}
    (first,), (_, again) = case.events(), case.events(
        replace(case.request, body=json.dumps(group))
    )
    assert (first.event_id, first.digest) == (again.event_id, again.digest)


@pytest.mark.parametrize(
    "name, header, value",
    [
        ("bitbucket/pullrequest_created__usual", "X-Attempt-Number", "2"),
        ("jira/comment_created__retried", "X-Atlassian-Webhook-Retry", "2"),
        ("slack/app_mention__retried", "X-Slack-Retry-Num", "2"),
        ("gitlab-signed/Issue_Hook__opened", "webhook-timestamp", "1773650999"),
    ],
)
def test_a_try_under_other_headers_is_the_same_event(name, header, value):
    """Number and time of the try are no part of the id."""
    case = recorded(name)
    assert case.events(with_header(case.request, header, value)) == case.events()


def test_pagerduty_lists_signatures_and_each_is_tried():
    """While its secret changes PagerDuty itself joins two by a comma: one that fits is enough, wherever it stands."""
    case = recorded("pagerduty/incident.triggered__usual")
    signed, header = case.signed(), "X-PagerDuty-Signature"
    (right,), wrong = signed.values(header), f"v1={'0' * 64}"
    for both in (f"{right},{wrong}", f"{wrong}, {right}"):
        assert case.verify(with_header(signed, header, both)).secret == 0
    refused(case, with_header(signed, header, f"{wrong},{wrong}"))


@pytest.mark.parametrize(
    "name",
    [
        "slack/message__usual",
        "slack/ticket__command",
        "slack-interactive/block_actions__button",
        "slack-interactive/view_closed__no_trigger",
    ],
)
def test_slacks_old_token_is_kept_nowhere(name):
    """It would let somebody forge requests to an app that still goes by it."""
    case = recorded(name)
    kept = http.write(providers.masked(case.provider, case.request))
    assert b"exampleVerificationToken" not in kept
    assert "exampleVerificationToken" not in repr(case.events())


@pytest.mark.parametrize("name", ["gitlab", "linear", "slack", "slack-interactive"])
def test_these_are_answered_200_and_slack_users_are_shown_nothing(name):
    """Linear takes 200 alone, and what an answer to a command says is shown to the person who gave it."""
    for kind in ("accepted", "duplicate"):
        found = providers.answer(providers.get(name), kind)
        assert (found.status, found.body) == (200, b"")


def test_grafana_without_a_timestamp_header_signs_the_body_alone():
    """Where nobody set that header the source says so; what is signed with a time is then refused."""
    case = next(one for one in cases() if one.name == "grafana")
    bare = providers.configure(
        case.provider, verify={"signed": ["raw"], "timestamp": None}, event={}
    )
    with_time = case.signed()
    signed = with_header(
        with_time, "X-Grafana-Alerting-Signature", hexed(case.request.body)
    )
    proof = {"now": NOW, "public_url": URL}
    assert providers.verify(bare, signed, [Secret(KEY)], **proof).secret == 0
    with pytest.raises(NotVerified):
        providers.verify(bare, with_time, [case.secret], **proof)
    with pytest.raises(providers.RecipeError, match="timestamp.from"):
        providers.configure(case.provider, verify={"signed": ["raw"]}, event={})


def test_a_jwt_is_never_without_its_time():
    """Without the moment of its making a token would be good for ever."""
    verify = {"scheme": "jwt", "algorithm": "HS256", "timestamp": None}
    generic = providers.get("generic")
    assert providers.configure(generic, verify=verify, event={}).recipe.timestamp
