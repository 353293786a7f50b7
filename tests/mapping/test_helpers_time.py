"""Times: every one from the event, every zone named."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import ExpressionError, Scope, compile_expression


def value(source, **names):
    return compile_expression(source).evaluate(Scope(names=names))


def code(source, **names):
    with pytest.raises(ExpressionError) as caught:
        value(source, **names)
    return caught.value.code


@pytest.mark.parametrize(
    "moment",
    [
        1714730400,
        1714730400000,
        "1714730400",
        "1714730400000",
        Decimal("1714730400.0"),
        "2024-05-03T10:00:00Z",
        "2024-05-03t10:00:00z",
        "2024-05-03 10:00:00+00:00",
        "2024-05-03T06:00:00.000-04:00",
        "2024-05-03T15:30:00+0530",
        datetime(2024, 5, 3, 10, tzinfo=UTC),
    ],
)
def test_one_moment_in_many_forms(moment):
    """Seconds, milliseconds and RFC 3339 text are told apart without being told."""
    assert value("m | parse_date", m=moment) == datetime(2024, 5, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment",
    [
        "2024-05-03",
        "2024-05-03T10:00:00",
        "20240503",
        "2024-02-30T00:00:00Z",
        "2024-05-03T25:00:00Z",
        "2024-05-03T10:00:00+25:00",
        "0001-01-01T00:00:00+14:00",
        "yesterday",
        "",
        "２０２４-05-03T10:00:00Z",
        10**14,
        -(10**14),
        -(10**11) + 1,
    ],
)
def test_what_is_no_moment_is_an_error(moment):
    """No zone is assumed, no date is bent into shape."""
    assert code("m | parse_date", m=moment) == "E306"
    assert code("m | datetime", m=moment) == "E306"


def test_zone_gives_a_naive_time_its_offset():
    """The zone's own rules for that day count; of a doubled hour it is the first."""
    source = "m | parse_date(tz='America/New_York') | datetime"
    assert value(source, m="2024-01-01T12:00:00") == "2024-01-01T17:00:00+00:00"
    assert value(source, m="2024-07-01T12:00:00") == "2024-07-01T16:00:00+00:00"
    assert value(source, m="2024-11-03T01:30:00") == "2024-11-03T05:30:00+00:00"
    assert value(source, m="2024-07-01T12:00:00Z") == "2024-07-01T12:00:00+00:00"


def test_formats_are_written_and_read_alike():
    """What datetime writes, parse_date reads with the same format."""
    fmt = "'%d %b %Y, %H:%M:%S.%f %:z %%'"
    text = value(f"1714730400.25 | datetime({fmt}, 'Asia/Kolkata')")
    assert text == "03 May 2024, 15:30:00.250000 +05:30 %"
    assert value(f"t | parse_date({fmt})", t=text) == datetime(
        2024, 5, 3, 10, 0, 0, 250000, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "fmt", ["%s", "%Z", "%-y", "%", "%:Y", "%c", "%1000d", "%Y" * 101]
)
def test_unknown_format_is_found_while_compiling(fmt):
    """Codes that depend on the machine or its locale are not taken."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(f"event.at | datetime('{fmt}')")
    assert caught.value.code == "E306"
    assert code("1714730400 | date(f)", f=fmt) == "E306"


@pytest.mark.parametrize("fmt", ["%H:%M", "%d/%m", "%Y %Y %m %d", "%Y-%m-%d %z %:z"])
def test_format_to_read_needs_a_day_once(fmt):
    """A date is never filled up from today."""
    assert code("t | parse_date(f)", t="10", f=fmt) == "E306"


@pytest.mark.parametrize(
    "tz", ["Mars/Base", "", "../../etc/passwd", "a\0b", "x" * 5000]
)
def test_unknown_zone_is_an_error(tz):
    """A zone is a name of the database and no path."""
    assert code("1714730400 | date('%Y', z)", z=tz) == "E306"


def test_plus_moves_by_exact_hours():
    """A day is 24 hours, also across a change of clocks, and the calendar's end is an error."""
    at = "2024-03-09T12:00:00-05:00"
    assert value("a | plus(days=1)", a=at) == datetime(2024, 3, 10, 17, tzinfo=UTC)
    assert code("a | plus(days=4000000)", a=at) == "E306"
    assert code("a | plus(days=d)", a=at, d=10**30) == "E306"
    assert code("a | plus(days=0.5)", a=at) == "E205"


def test_times_are_ordered_and_not_text():
    """Times compare with times; to become text they need a format."""
    source = "(e.a | parse_date) < (e.b | parse_date)"
    assert value(source, e={"a": 1714730400, "b": "2024-05-03T10:00:01Z"}) is True
    assert code("(e.a | parse_date) < e.a", e={"a": 1714730400}) == "E302"
    assert code("'at ' ~ (e.a | parse_date)", e={"a": 1714730400}) == "E205"


@given(
    st.datetimes(min_value=datetime(1975, 1, 1), max_value=datetime(2200, 1, 1)),
    st.sampled_from(["UTC", "Asia/Kolkata", "America/Santiago", "Asia/Ho_Chi_Minh"]),
)
def test_text_with_offset_keeps_the_moment(naive, tz):
    """Writing a time in any zone and reading it back gives the same time."""
    moment = naive.replace(tzinfo=UTC, microsecond=0)
    source = "m | datetime('%Y-%m-%dT%H:%M:%S%:z', z) | parse_date"
    assert value(source, m=moment, z=tz) == moment
