"""Numbers made of times, the clock of twelve hours, and names of days and months."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import ExpressionError, Scope, compile_expression

TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


def value(source, zone="", **names):
    return compile_expression(source).evaluate(Scope(names=names, zone=zone))


def refusal(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value


@pytest.mark.parametrize(
    ("hour", "shown"),
    [
        (0, "12:05 AM"),
        (1, "01:05 AM"),
        (11, "11:05 AM"),
        (12, "12:05 PM"),
        (15, "03:05 PM"),
        (23, "11:05 PM"),
    ],
)
def test_clock_of_twelve_hours(hour, shown):
    """Midnight is 12 AM and noon 12 PM; what is written so is read as the same time."""
    moment = datetime(2025, 5, 8, hour, 5, tzinfo=UTC)
    fmt = "'%d-%m-%Y %I:%M %p'"
    assert value(f"m | datetime({fmt})", m=moment) == f"08-05-2025 {shown}"
    assert (
        value(f"t | parse_date({fmt}, 'UTC')", t=f"08-05-2025 {shown.lower()}")
        == moment
    )


def test_numbers_without_leading_zeros():
    """A hyphen in a code leaves the zero out, in writing and in reading."""
    source = "m | datetime('%-d/%-m/%Y %-I:%M %p and %-H')"
    assert value(source, m="2025-05-08T03:05:00Z") == "8/5/2025 3:05 AM and 3"
    read = "t | parse_date('%-d/%-m/%Y %-I:%M %p', 'UTC')"
    assert value(read, t="8/5/2025 3:05 PM") == datetime(2025, 5, 8, 15, 5, tzinfo=UTC)


@given(TIMES)
def test_names_of_days_and_months_are_read_as_written(moment):
    """Whatever the day, its long form and its short form are read back."""
    moment = moment.replace(microsecond=0)
    for fmt in ("%A, %d %B %Y %I:%M:%S %p", "%a %b %-d %H:%M:%S %Y"):
        source = f"m | datetime('{fmt}') | parse_date('{fmt}', 'UTC')"
        assert value(source, m=moment) == moment


def test_wrong_day_of_the_week_is_refused():
    """A date that names another weekday than it has was not meant so."""
    source = "t | parse_date('%a, %d %b %Y', 'UTC')"
    assert value(source, t="Fri, 03 May 2024") == datetime(2024, 5, 3, tzinfo=UTC)
    assert refusal(source, t="Mon, 03 May 2024").code == "E306"


@pytest.mark.parametrize(
    "fmt", ["%d/%m/%Y %I:%M", "%d/%m/%Y %H:%M %p", "%d/%m/%Y %H %I %p", "%H:%M"]
)
def test_format_that_leaves_the_time_open_is_found_while_compiling(fmt):
    """Three o'clock without AM or PM is two times; check says so, not the first event."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(f"event.at | parse_date('{fmt}', 'UTC')")
    assert caught.value.code == "E306"


def test_hour_of_thirteen_is_no_hour_of_twelve():
    """A clock of twelve hours shows 1 to 12."""
    source = "t | parse_date('%d/%m/%Y %I:%M %p', 'UTC')"
    assert refusal(source, t="03/05/2024 13:00 PM").code == "E306"
    assert refusal(source, t="03/05/2024 00:00 AM").code == "E306"


@given(TIMES, TIMES, st.sampled_from(["seconds", "minutes", "hours", "days"]))
def test_difference_is_exact(later, earlier, unit):
    """The difference times its unit is the time between, to the microsecond, and turns its sign with its ends."""
    given = value(f"a | diff(b, '{unit}')", a=later, b=earlier)
    opposite = Decimal(given).copy_negate()
    length = Decimal(timedelta(**{unit: 1}) // timedelta(microseconds=1))
    assert round(Decimal(given) * length) == (later - earlier) // timedelta(
        microseconds=1
    )
    assert value(f"b | diff(a, '{unit}')", a=later, b=earlier) == opposite


def test_difference_keeps_its_fraction():
    """Ninety minutes are more than one hour, so a comparison with whole hours is right."""
    names = {"a": "2024-05-03T11:30:00Z", "b": 1714730400}
    assert value("(a | diff(b, 'hours')) > 1", **names) is True
    assert value("a | diff(b, 'hours')", **names) == Decimal("1.5")
    assert value("a | diff(b)", **names) == 5400
    assert type(value("a | diff(b, 'minutes')", **names)) is int
    assert value("a | diff(b, 'days') | round(2)", **names) == Decimal("0.06")


@pytest.mark.parametrize("unit", ["hour", "h", "weeks", ""])
def test_unknown_unit_says_the_known_ones(unit):
    """A unit is one of a few words, be it written in the file or sent."""
    for source in (f"1 | diff(0, '{unit}')", "1 | diff(0, u)"):
        error = refusal(source, u=unit)
        assert (error.code, "'hours'" in error.help) == ("E302", True)
    assert "'milliseconds'" in refusal("1 | epoch('ms')").help


@given(TIMES)
def test_epoch_is_read_back(moment):
    """What epoch gives, every helper for times reads, to its own second."""
    seconds = value("m | epoch", m=moment)
    assert type(seconds) is int
    assert value("m | parse_date", m=seconds) == moment.replace(microsecond=0)
    assert value("m | epoch('milliseconds')", m=moment) // 1000 == seconds


def test_calendar_is_that_of_the_zone():
    """Late on Friday in London it is Saturday in Hanoi; the zone is named, or the connection's, or UTC."""
    at = "2024-05-31T18:30:00Z"
    assert value("m | weekday", m=at) == 5
    assert value("m | weekday('Asia/Ho_Chi_Minh')", m=at) == 6
    assert value("m | weekday", "Asia/Ho_Chi_Minh", m=at) == 6
    assert value("m | month", m=at) == 5
    assert value("m | month", "Asia/Kolkata", m=at) == 6
    assert value("m | hour('America/Santiago')", m=at) == 14
    assert value("m | hour", m=at) == 18


@pytest.mark.parametrize("name", ["weekday", "month", "hour", "epoch", "diff(0)"])
def test_what_is_no_time_is_an_error(name):
    """As every helper for times they refuse, and take nothing for a time that is none."""
    assert refusal(f"m | {name}", m="soon").code == "E306"
    assert refusal(f"m | {name}", m=True).code == "E302"


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("YYYY-MM-DD HH:mm:ss", "%Y-%m-%d %H:%M:%S"),
        ("dd-MM-yyyy hh:mm a", "%d-%m-%Y %I:%M %p"),
        ("yyyy-MM-ddTHH:mm:ssXXX", "%Y-%m-%dT%H:%M:%S%:z"),
        ("EEEE, d MMMM yyyy", "%A, %-d %B %Y"),
    ],
)
def test_format_of_another_language_is_translated(written, right):
    """What Java and JavaScript write is proposed as it is written here."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(f"event.at | datetime('{written}')")
    assert caught.value.help.instead == (f"'{right}'",)
    compile_expression(f"event.at | datetime('{right}')")


@pytest.mark.parametrize("written", ["short", "today", "--"])
def test_format_that_is_none_proposes_no_text(written):
    """Words are no format: the help shows one."""
    assert not hasattr(refusal(f"1 | datetime('{written}')").help, "instead")
