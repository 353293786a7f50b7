"""The breaker: what counts as a vendor in trouble, when it opens, and how it closes again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.breaker import CLOSED, LONGEST, Lesson, learn, lesson

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def after(lessons, start=CLOSED, every=SECOND):
    """The breaker after attempts, one a second, each claimed when it is made."""
    breaker, now = start, NOW
    for one in lessons:
        now += every
        breaker = learn(breaker, one, claimed_at=now, now=now)
    return breaker


@pytest.mark.parametrize(
    ("verdict", "status", "code", "expected"),
    [
        ("retry", 503, "http_503", Lesson.ILL),
        ("retry", 429, "http_429", Lesson.ILL),
        ("unknown", None, "timeout", Lesson.ILL),
        ("unknown", None, "dropped", Lesson.ILL),
        ("retry", None, "refused", Lesson.ILL),
        ("retry", None, "dns", Lesson.ILL),
        ("retry", None, "tls", Lesson.ILL),
        ("delivered", 200, "delivered", Lesson.WELL),
        ("failed", 404, "http_404", Lesson.WELL),
        ("failed", 500, "http_500", Lesson.WELL),
        ("park", 401, "http_401", Lesson.WELL),
        ("retry", 200, "not_json", Lesson.WELL),
        ("retry", 408, "http_408", Lesson.WELL),
        ("failed", None, "policy", Lesson.NOTHING),
        ("park", None, "missing_secret", Lesson.NOTHING),
        ("unknown", None, "worker_lost", Lesson.NOTHING),
    ],
)
def test_lesson(verdict, status, code, expected):
    """Only what other calls would meet as well is the vendor's trouble; our own doing teaches nothing."""
    assert lesson(verdict, status, code) is expected


def test_five_failures_in_a_row_open_it():
    """Four do not, nor do five with a success between."""
    ill, well = Lesson.ILL, Lesson.WELL
    assert after([ill] * 4).broken_at is None
    assert after([ill] * 5).broken_at is not None
    assert after([ill] * 4 + [well] * 8 + [ill]).broken_at is None


def test_half_of_ten_calls_open_it():
    """From ten calls in the window on, every second failing is too many; one in three is not."""
    ill, well = Lesson.ILL, Lesson.WELL
    assert after([ill, well] * 4).broken_at is None
    assert after([ill, well] * 5).broken_at is not None
    assert after([ill, well, well] * 6).broken_at is None


def test_window_ends():
    """Failures that lie further apart than the window are not added up, and a success after it leaves nothing."""
    ill, well = Lesson.ILL, Lesson.WELL
    assert after([ill, well] * 10, every=timedelta(seconds=40)).broken_at is None
    assert after([ill, well, well], every=timedelta(seconds=40)) == CLOSED


def test_probe_that_succeeds_closes_it():
    """And nothing is remembered against the vendor."""
    broken = after([Lesson.ILL] * 5)
    claimed = broken.probe_at
    assert learn(broken, Lesson.WELL, claimed_at=claimed, now=claimed) == CLOSED


def test_call_under_way_when_it_opened_says_nothing():
    """Neither its success closes the breaker nor its failure makes the rest longer."""
    broken = after([Lesson.ILL] * 5)
    later = broken.broken_at + SECOND
    for one in Lesson:
        assert learn(broken, one, claimed_at=broken.broken_at, now=later) == broken


def test_rest_doubles_up_to_five_minutes():
    """Each failed probe makes the rest longer, to a bound."""
    breaker, rests = after([Lesson.ILL] * 5), []
    rests.append(breaker.probe_at - breaker.broken_at)
    for _ in range(7):
        now = breaker.probe_at
        breaker = learn(breaker, Lesson.ILL, claimed_at=now, now=now)
        rests.append(breaker.probe_at - now)
    assert [rest.total_seconds() for rest in rests[:5]] == [10, 20, 40, 80, 160]
    assert rests[-1] == LONGEST


def test_retry_after_is_waited_for():
    """A vendor that says when it is back is not probed before."""
    hour = timedelta(hours=1)
    four = after([Lesson.ILL] * 4)
    broken = learn(four, Lesson.ILL, claimed_at=NOW, now=NOW, retry_after=hour)
    assert broken.probe_at == NOW + hour
    again = learn(
        broken, Lesson.ILL, claimed_at=NOW + SECOND, now=NOW + hour, retry_after=hour
    )
    assert again.probe_at == NOW + 2 * hour


@given(st.lists(st.sampled_from(list(Lesson)), max_size=60))
def test_always_lets_a_probe_through(lessons):
    """Whatever happens, an open breaker has a time for its next probe, within bounds; a closed one has none."""
    breaker = CLOSED
    now = NOW
    for one in lessons:
        now += SECOND
        breaker = learn(breaker, one, claimed_at=now, now=now)
        if breaker.broken_at is None:
            assert breaker.probe_at is None
        else:
            assert breaker.probe_at > breaker.broken_at
            assert breaker.probe_at - now <= LONGEST
