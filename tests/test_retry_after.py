"""Retry-After in every form, and how long it may ask for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model import Retries
from bridge.retry_after import MOST, asked, retry_after

NOW = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
FORMS = (
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S %Y",
)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("-5", 0),
        ("999999999", 999_999_999),
        ("Sun, 03 May 2026 12:01:00 GMT", 60),
        ("Sunday, 03-May-26 12:01:00 GMT", 60),
        ("Sun May  3 12:01:00 2026", 60),
        ("Sun, 03 May 2026 11:00:00 GMT", 0),
        (f"{EPOCH + 30}", 30),
        (f"{EPOCH + 30}.5", 30.5),
        (f"{EPOCH - 30}", 0),
        (f"{EPOCH + 30}250", 30.25),
        (f"{EPOCH + 30}250000", 30.25),
        (f"{EPOCH + 30}250000000", 30.25),
        ("1000000000", 0),
        ("2026-05-03T12:01:00Z", 60),
        ("2026-05-03t09:01:00.500-03:00", 60.5),
        ("2026-05-03T12:01:00", 60),
        ("", None),
        ("soon", None),
        ("1e3", None),
        ("1_000", None),
        ("١٢", None),
        ("12 s", None),
        ("Sun, 33 May 2026 12:01:00 GMT", None),
        ("Sun, 03 May 2026 25:01:00 GMT", None),
        ("2026-05-03", None),
        ("2026-13-03T12:01:00Z", None),
        ("9" * 20, None),
        ("9" * 5000, None),
    ],
)
def test_retry_after(value, seconds):
    """Seconds, moments since 1970 and dates are read, the past is now, and anything else is nothing."""
    assert retry_after(value, NOW) == (seconds and pytest.approx(seconds, abs=1e-5))


@given(st.text() | st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,9})?", fullmatch=True))
def test_any_retry_after_is_read_or_nothing(value):
    """No header makes the reader raise, or gives a wait that is longer than allowed."""
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0
    assert 0 <= asked({"retry-after": value, "date": value}, NOW, Retries()) <= MOST


@given(st.timedeltas(timedelta(0), DAY))
def test_date_forms_agree(ahead):
    """Every form of one moment gives the same wait, whatever the zone of `now`."""
    moment = (NOW + ahead).replace(microsecond=0)
    said = [moment.strftime(form) for form in FORMS]
    said += [
        moment.isoformat(),
        f"{moment.timestamp():.0f}",
        f"{moment.timestamp():.0f}000",
    ]
    seconds = {retry_after(text, NOW) for text in said}
    assert seconds == {(moment - NOW).total_seconds()}


@pytest.mark.parametrize(
    ("retries", "seconds"),
    [
        (Retries(), 3600),
        (Retries(max_retry_after=60), 60),
        (Retries(max_retry_after=86_400), 7200),
    ],
)
@pytest.mark.parametrize(
    "value", ["7200", f"{EPOCH + 7200}", "Sun, 03 May 2026 14:00:00 GMT"]
)
def test_an_hour_is_the_most_unless_the_rule_says_otherwise(value, retries, seconds):
    """However it is written, an answer may ask for an hour, or for what `max_retry_after` says."""
    assert asked({"retry-after": value}, NOW, retries) == seconds


@pytest.mark.parametrize("off", [-365 * DAY, -DAY, timedelta(0), DAY, 3650 * DAY])
@pytest.mark.parametrize("form", [*FORMS, "%Y-%m-%dT%H:%M:%SZ", "epoch"])
def test_a_moment_is_told_by_the_clock_of_who_says_it(off, form):
    """A vendor whose clock is wrong says so with its Date: the wait is the time between the two."""
    there = NOW + off
    moment = there + timedelta(seconds=90)
    said = f"{moment.timestamp():.0f}" if form == "epoch" else moment.strftime(form)
    headers = {"retry-after": said, "date": there.strftime(FORMS[0])}
    assert asked(headers, NOW, Retries()) == 90


@pytest.mark.parametrize(
    "date", ["", "yesterday", "0", "Sun, 33 May 2026 12:00:00 GMT"]
)
def test_a_date_that_cannot_be_read_is_none(date):
    """Without a clock of theirs, ours counts; seconds need no clock at all."""
    headers = {"retry-after": f"{EPOCH + 90}", "date": date}
    assert asked(headers, NOW, Retries()) == 90
    assert asked({"retry-after": "90", "date": date}, NOW, Retries()) == 90
