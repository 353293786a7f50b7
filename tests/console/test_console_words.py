"""Values on pages: times, sizes, trees, bars."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bridge.console import charts, words
from bridge.console.tree import MOST, step, tree
from bridge.state import EventState, State

NOW = datetime(2026, 5, 3, 8, 14, 2, 123000, tzinfo=UTC)


def test_every_state_has_a_look():
    """No state of a delivery or event looks like one that is not known."""
    assert {str(one) for one in (*State, *EventState)} <= words._LOOKS.keys()


def test_a_time_is_written_for_people_and_programs():
    """A moment is shown in UTC, with the exact one in its attributes; nothing is a dash."""
    html = str(words.time(NOW))
    assert 'datetime="2026-05-03T08:14:02.123Z"' in html
    assert "08:14:02" in html and "UTC" in html
    assert "–" in words.time(None)


def test_spans_are_said_in_one_unit():
    """A span names its largest unit that still says something."""
    said = [words.span(timedelta(seconds=one)) for one in (14, 180, 18_000, 1_036_800)]
    assert said == ["14 s", "3 min", "5 h", "12 days"]
    assert "in 3 min" in words.ago(NOW + timedelta(minutes=3), NOW)


def test_sizes_and_counts():
    """Sizes have units, and numbers their separators."""
    assert [words.size(one) for one in (None, 12, 1400, 2_000_000)] == [
        "–",
        "12 bytes",
        "1.4 kB",
        "2.0 MB",
    ]
    assert [words.count(one, "event") for one in (1, 3112)] == [
        "1 event",
        "3,112 events",
    ]


def test_commands_in_a_sentence_are_code_and_the_rest_is_text():
    """Backticks become code; what a sentence quotes cannot become anything."""
    said = words.told("fix <b>it</b>, then `bridge retry 7 --note '<i>'`; 1`2")
    assert said == (
        "fix &lt;b&gt;it&lt;/b&gt;, then <code>bridge retry 7 --note &#39;&lt;i&gt;&#39;</code>; 1`2"
    )


def test_what_hides_or_turns_text_is_written_out():
    """Control and direction characters are shown as escapes, and lines stay lines."""
    assert words.printable("a\u202eb\x1b[1mc\nd") == "a\\u202eb\\x1b[1mc\nd"


def test_paths_are_those_of_expressions():
    """A path can be pasted into an expression: odd keys stand in brackets."""
    assert step("event", "data") == "event.data"
    assert step("event", 'odd "key"') == 'event["odd \\"key\\""]'
    assert step("event.items", 0) == "event.items[0]"


def test_a_tree_shows_values_exactly():
    """Numbers keep every digit, and kinds are told apart."""
    found = tree(
        {
            "a": Decimal("19.990"),
            "b": 12345678901234567890,
            "c": None,
            "d": True,
            "e": "x",
        }
    )
    assert [(one.kind, one.text) for one in found.children] == [
        ("number", "19.990"),
        ("number", "12345678901234567890"),
        ("null", "null"),
        ("boolean", "true"),
        ("text", "x"),
    ]


def _rows(branch):
    return len(branch.children) + sum(map(_rows, branch.children))


@given(
    st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=40)
        | st.dictionaries(st.text(max_size=3), inner, max_size=20),
        max_leaves=200,
    ),
    st.integers(1, 50),
)
def test_a_tree_is_bounded_and_says_what_it_left_out(value, most):
    """A tree never has more rows than allowed; each branch says how many are missing."""

    def check(branch, size):
        assert len(branch.children) + branch.left_out == size
        for one in branch.children:
            check(one, one.size)

    found = tree(value, most=most)
    assert _rows(found) <= most
    check(found, found.size)


def test_a_large_list_stops_at_the_limit():
    """A list of a million values makes as many rows as a page may have."""
    found = tree([0] * 1_000_000)
    assert len(found.children) == MOST and found.left_out == 1_000_000 - MOST


def test_bars_fit_their_drawing_and_show_small_numbers():
    """The highest bar takes the whole height, and a single failure beside a thousand can be seen."""
    found = charts.bars(
        [("a", [1000, 0], ""), ("b", [10, 1], "")], ["ok", "bad"], width=100, height=50
    )
    (tall,) = found[0].pieces
    assert (tall.height, tall.y) == (50, 0)
    assert [one.kind for one in found[1].pieces] == ["ok", "bad"]
    assert min(one.height for one in found[1].pieces) >= 2
    assert charts.bars([], []) == []
