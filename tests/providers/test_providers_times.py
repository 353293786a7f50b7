"""When it happened: every form that senders write times in, and which of their times is that of the occurrence."""

import time
from datetime import UTC

import pytest
from provider_cases import NOW, one, provider_of

from bridge import providers
from bridge.model import Request
from bridge.providers import RecipeError
from bridge.providers.times import instant
from bridge.strict import json


@pytest.mark.parametrize(
    "value, expected",
    [
        (1775044800, "2026-04-01T12:00:00+00:00"),
        (1775044800123, "2026-04-01T12:00:00.123000+00:00"),
        ("1775044800", "2026-04-01T12:00:00+00:00"),
        ("1775044800.5", "2026-04-01T12:00:00.500000+00:00"),
        ("2026-04-01T14:00:00+02:00", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01 12:00:00z", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01T12:00:00.123456789Z", "2026-04-01T12:00:00.123456+00:00"),
        ("2026-04-01T12:00:00", None),
        ("2026-02-30T12:00:00Z", None),
        ("9999999999999", "2286-11-20T17:46:39.999000+00:00"),
        ("2026-04-01T12:00:00.123456Z", "2026-04-01T12:00:00.123456+00:00"),
        ("2026-04-01T12:00:00.1234567+00:00", "2026-04-01T12:00:00.123456+00:00"),
        ("1775044800000000001", "2026-04-01T12:00:00+00:00"),
        ("1775044800123456", "2026-04-01T12:00:00.123456+00:00"),
        (1775044800123456, "2026-04-01T12:00:00.123456+00:00"),
        ("1775044800123456789", "2026-04-01T12:00:00.123456+00:00"),
        ("99999999999999999999", None),
        ("2026-04-01T12:00Z", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01 12:00:00 UTC", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01 12:00:00.250 UTC", "2026-04-01T12:00:00.250000+00:00"),
        ("2026-04-01 12:00 UTC", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01 12:00:00 GMT", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01 14:00:00 +0200", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01T08:00-04:00", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01 17:30+0530", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01 12:00:00 CET", None),
        ("2026-04-01T14:00:00+0200", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01T14:00:00,5+02", "2026-04-01T12:00:00.500000+00:00"),
        ("Wed, 01 Apr 2026 14:00:00 +0200", "2026-04-01T12:00:00+00:00"),
        ("Wed, 1 Apr 2026 12:00:00 -0000", "2026-04-01T12:00:00+00:00"),
        ("Wed,01 Apr 2026 12:00 UT", "2026-04-01T12:00:00+00:00"),
        ("1 Apr 2026 12:00 GMT", "2026-04-01T12:00:00+00:00"),
        ("Wed Apr 01 14:00:00 +0200 2026", "2026-04-01T12:00:00+00:00"),
        ("Wed Apr  1 12:00:00 +0000 2026", "2026-04-01T12:00:00+00:00"),
        ("Wed Apr 31 12:00:00 +0000 2026", None),
        ("Wed Apr 01 12:00:00 2026", None),
        ("Wed, 31 Jun 2026 14:00:00 +0200", None),
        ("/Date(1775044800000)/", "2026-04-01T12:00:00+00:00"),
        ("/Date(1775044800000+0700)/", "2026-04-01T12:00:00+00:00"),
        ("/Date(1775044800123)/", "2026-04-01T12:00:00.123000+00:00"),
        ("/Date(0)/", None),
        ("/Date(-62135596800000)/", None),
        ("20260401120000Z", "2026-04-01T12:00:00+00:00"),
        ("20260401T140000+0200", "2026-04-01T12:00:00+00:00"),
        ("20260401120000", None),
        ("20260431120000Z", None),
        ("0000-00-00 00:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01 00:00:00 UTC", None),
        ("1970-01-01T07:00:00+07:00", None),
        ("0", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1970-01-01T00:00:00Z", None),
        (0, None),
        (True, None),
        (-5, None),
        ({}, None),
        ("yesterday", None),
    ],
)
def test_times(value, expected):
    """What senders write as times is read, what they write for `none` or without a zone is no time, never an error."""
    moment = one({"time": "body.at"}, {"at": value}).occurred_at
    assert (moment and moment.isoformat()) == expected
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    "value, zone, expected",
    [
        ("2026-04-01 14:00:00", "Asia/Ho_Chi_Minh", "2026-04-01T07:00:00+00:00"),
        ("20260401190000", "Asia/Ho_Chi_Minh", "2026-04-01T12:00:00+00:00"),
        (20260401190000, "Asia/Ho_Chi_Minh", "2026-04-01T12:00:00+00:00"),
        ("2026-07-01T14:00:00.5", "UTC", "2026-07-01T14:00:00.500000+00:00"),
        ("1775044800", "Asia/Ho_Chi_Minh", "2026-04-01T12:00:00+00:00"),
        ("2026-04-01T14:00", "America/Santiago", "2026-04-01T17:00:00+00:00"),
        ("2026-04-01T14:00:00Z", "America/Santiago", "2026-04-01T14:00:00+00:00"),
    ],
)
def test_a_stated_zone_is_that_of_texts_without_one(value, zone, expected):
    """`zone` counts for a text without an offset, and for no other."""
    time = {"from": "body.at", "zone": zone}
    assert one({"time": time}, {"at": value}).occurred_at.isoformat() == expected


@pytest.mark.parametrize(
    "body, expected",
    [
        ({"state": "closed", "end": 1775044800, "start": 1775000000}, 1775044800),
        ({"state": "open", "end": 1775044800, "start": 1775000000}, 1775000000),
        ({"state": "closed", "end": 0, "start": 1775000000}, 1775000000),
        ({"state": "closed", "start": "0001-01-01T00:00:00Z"}, None),
        ({"state": "solved", "end": 1775044800, "start": 1775000000}, 1775044800),
        ({"state": "gone", "end": 1775044800, "start": 1775000000}, None),
    ],
)
def test_the_time_depends_on_what_happened(body, expected):
    """The first time whose condition holds counts; one that says `none` leaves it to the next."""
    ended = {"from": "body.end", "when": {"body.state": ["closed", "solved"]}}
    began = {"from": "body.start", "unless": {"body.state": "gone"}}
    moment = one({"time": [ended, began]}, body).occurred_at
    assert (moment and moment.timestamp()) == expected


@pytest.mark.parametrize(
    "time",
    [
        {"from": "body.at", "zone": "Asia/Saigonn"},
        {"from": "body.at", "zone": 7},
        {"when": {"body.state": "closed"}},
        {"from": "body.at", "when": {"body.state": 1}},
        {"from": "body.at", "when": {"body.state": []}},
        {"from": "body.at", "unless": {"body.state": ["closed", 1]}},
        {"from": "body.at", "if": {"body.state": "closed"}},
        [{"from": "raw"}],
    ],
)
def test_a_time_that_cannot_be_read_is_an_error(time):
    """A misspelt zone, key or condition is told when the mapping file is read."""
    with pytest.raises(RecipeError):
        one({"time": time}, {})


def test_a_time_without_a_zone_is_not_that_of_the_machine(monkeypatch):
    """Whatever zone the machine is in, -0000 means UTC, and a text without an offset is no time."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert instant("Wed, 1 Apr 2026 12:00:00 -0000").hour == 12
        assert instant("2026-04-01 12:00:00") is None
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_header_that_decides_about_the_time_is_kept():
    """A request read again out of the store gives the same time as when it arrived."""
    event = {"time": {"from": "body.at", "when": {"header.X-Kind": "end"}}}
    assert one(event, {}, X_Kind="end").headers == {"x-kind": "end"}


def event_of(name, body, target="/", **headers):
    """The one event of a body at a provider as it stands."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    request = Request(
        method="POST",
        target=target,
        headers=(("Content-Type", "application/json"), *named),
        body=json.dumps(body),
        received_at=NOW,
    )
    (event,) = providers.read(provider_of(name), "s", providers.trust(request))
    return event


def gitlab(kind, event, **about):
    return ("gitlab", {"object_kind": kind, **about}, {"X_Gitlab_Event": event})


def github(event, **body):
    return ("github", body, {"X_GitHub_Event": event})


OLD, NEW = {"updated_at": "2026-03-01T09:00:00Z"}, {
    "updated_at": "2026-03-16T09:00:00Z"
}

OCCURRED = [
    (*github("issues", action="labeled", issue=NEW), "2026-03-16T09:00:00"),
    (*github("issues", action="deleted", issue=OLD), None),
    (*github("issues", action="pinned", issue=OLD), None),
    (
        *github("issue_comment", action="edited", issue=OLD, comment=NEW),
        "2026-03-16T09:00:00",
    ),
    (*github("issue_comment", action="deleted", issue=OLD, comment=OLD), None),
    (*github("pull_request", action="closed", pull_request=NEW), "2026-03-16T09:00:00"),
    (
        *github(
            "pull_request_review",
            action="submitted",
            pull_request=OLD,
            review={"submitted_at": "2026-03-16T09:00:00Z"},
        ),
        "2026-03-16T09:00:00",
    ),
    (
        *github(
            "pull_request_review",
            action="dismissed",
            pull_request=OLD,
            review={"submitted_at": "2026-03-01T09:00:00Z"},
        ),
        None,
    ),
    (
        *github(
            "push",
            repository={"pushed_at": 1773651600},
            head_commit={"timestamp": "2026-03-01T09:00:00+01:00"},
        ),
        "2026-03-16T09:00:00",
    ),
    (
        *github(
            "workflow_job",
            action="completed",
            deployment=OLD,
            workflow_job={
                "started_at": "2026-03-16T08:00:00Z",
                "completed_at": "2026-03-16T09:00:00Z",
            },
        ),
        "2026-03-16T09:00:00",
    ),
    (
        *github(
            "check_run",
            action="rerequested",
            check_run={"completed_at": "2026-03-01T09:00:00Z"},
        ),
        None,
    ),
    (*github("deployment_review", action="approved", workflow_run=OLD), None),
    (
        *github(
            "star",
            action="created",
            starred_at="2026-03-16T09:00:00Z",
            repository={"pushed_at": "2026-03-01T09:00:00Z"},
        ),
        "2026-03-16T09:00:00",
    ),
    (
        "asaas",
        {
            "dateCreated": "2026-07-01 21:30:00",
            "payment": {"dateCreated": "2026-06-01"},
        },
        {},
        "2026-07-02T00:30:00",
    ),
    ("asaas", {"payment": {"dateCreated": "2026-07-01"}}, {}, None),
    (
        "bitbucket",
        {"pullrequest": {"updated_on": "2026-03-16T10:31:17.002233+00:00"}},
        {"X_Event_Key": "pullrequest:fulfilled"},
        "2026-03-16T10:31:17.002233",
    ),
    (
        "bitbucket",
        {
            "pullrequest": {"updated_on": "2026-03-16T10:31:17+00:00"},
            "approval": {"date": "2026-03-17T08:00:00+00:00"},
        },
        {"X_Event_Key": "pullrequest:approved"},
        "2026-03-17T08:00:00",
    ),
    (
        "bitbucket",
        {
            "pullrequest": {"updated_on": "2026-03-16T10:31:17+00:00"},
            "comment": {"updated_on": "2026-03-16T09:00:00+00:00"},
        },
        {"X_Event_Key": "pullrequest:comment_deleted"},
        None,
    ),
    (
        *gitlab(
            "note",
            "Note Hook",
            object_attributes={"updated_at": "2026-01-01 12:00:00 UTC"},
            issue={"updated_at": "2026-01-01T09:00:00Z"},
        ),
        "2026-01-01T12:00:00",
    ),
    (
        *gitlab(
            "merge_request",
            "Merge Request Hook",
            object_attributes={
                "created_at": "2026-01-01T09:00:00Z",
                "updated_at": "2026-01-01T12:00:00+02:00",
            },
        ),
        "2026-01-01T10:00:00",
    ),
    (
        *gitlab(
            "build",
            "Job Hook",
            build_created_at="2026-01-01 12:00:00 UTC",
            build_started_at="2026-01-01 12:01:00 UTC",
            build_finished_at=None,
        ),
        "2026-01-01T12:01:00",
    ),
    (
        *gitlab(
            "deployment",
            "Deployment Hook",
            status_changed_at="2026-01-01 14:00:00 +0200",
        ),
        "2026-01-01T12:00:00",
    ),
    (
        *gitlab(
            "emoji",
            "Emoji Hook",
            object_attributes={
                "action": "revoke",
                "updated_at": "2026-01-01 12:00:00 UTC",
            },
        ),
        None,
    ),
    (
        "mercadopago",
        {"action": "payment.created", "date_created": "2026-03-21T11:03:09.000-03:00"},
        {},
        "2026-03-21T14:03:09",
    ),
    (
        "mercadopago",
        {"action": "payment.updated", "date_created": "2026-03-21T14:03:09Z"},
        {},
        None,
    ),
    (
        "paystack",
        {
            "event": "charge.success",
            "data": {"created_at": "2026-03-12T09:40:21.000Z", "paid_at": None},
        },
        {},
        None,
    ),
    (
        "paystack",
        {
            "event": "charge.dispute.resolve",
            "data": {
                "createdAt": "2026-03-12T09:00:00.000Z",
                "updatedAt": "2026-03-14T09:00:00.000Z",
            },
        },
        {},
        "2026-03-14T09:00:00",
    ),
    (
        "sentry",
        {
            "action": "resolved",
            "data": {
                "metric_alert": {
                    "date_started": "2026-03-16T09:00:00Z",
                    "date_closed": "2026-03-16T10:00:00Z",
                }
            },
        },
        {"Sentry_Hook_Resource": "metric_alert", "Sentry_Hook_Timestamp": "1773655801"},
        "2026-03-16T10:00:00",
    ),
    (
        "sentry",
        {"action": "deleted", "data": {"timestamp": "2026-03-01T10:00:00Z"}},
        {"Sentry_Hook_Resource": "comment", "Sentry_Hook_Timestamp": "1773655801"},
        "2026-03-16T10:10:01",
    ),
    ("standard", {"created_at": 1750287018}, {}, "2025-06-18T22:50:18"),
    (
        "standard",
        {"timestamp": 1750287018123, "created_at": "2025-01-01T00:00:00Z"},
        {},
        "2025-06-18T22:50:18.123000",
    ),
    (
        "woocommerce",
        {
            "date_modified": "2026-03-12T11:21:02",
            "date_modified_gmt": "2026-03-12T10:21:02",
        },
        {},
        "2026-03-12T10:21:02",
    ),
    ("woocommerce", {"date_modified": "2026-03-12T11:21:02"}, {}, None),
    (
        "payos",
        {"data": {"transactionDateTime": "2026-03-15 06:24:58"}},
        {},
        "2026-03-14T23:24:58",
    ),
    (
        "sepay",
        {"transactionDate": "2026-03-12 14:02:37"},
        {},
        "2026-03-12T07:02:37",
    ),
    (
        "pagerduty",
        {
            "event": {
                "occurred_at": "2026-03-16T09:45:12.402Z",
                "data": {"created_at": "2026-03-15T00:00:00Z"},
            }
        },
        {},
        "2026-03-16T09:45:12.402000",
    ),
]


@pytest.mark.parametrize(
    "name, body, headers, expected",
    OCCURRED,
    ids=[f"{row[0]}-{position}" for position, row in enumerate(OCCURRED)],
)
def test_the_time_is_that_of_what_happened(name, body, headers, expected):
    """Not that of sending, nor of an older thing in the body; none where the body does not say it."""
    moment = event_of(name, body, **headers).occurred_at
    assert (moment and moment.isoformat()) == (expected and f"{expected}+00:00")


def alert(status, ends):
    at = {"startsAt": "2026-11-25T10:00:00Z", "endsAt": ends}
    return {"alerts": [{"fingerprint": "f", "status": status, **at}]}


@pytest.mark.parametrize("name", ["alertmanager", "grafana"])
@pytest.mark.parametrize(
    "status, ends, day",
    [
        ("resolved", "2026-11-28T10:00:00Z", 28),
        ("resolved", "0001-01-01T00:00:00Z", 25),
        ("firing", "0001-01-01T00:00:00Z", 25),
        ("firing", "2026-11-28T10:00:00Z", 25),
    ],
)
def test_a_resolved_alert_happened_when_it_ended(name, status, ends, day):
    """One that fires began, whatever its end is expected to be; the year 1 stands for none."""
    assert event_of(name, alert(status, ends)).occurred_at.day == day
