"""The language of filters: what its words mean, and that nothing typed raises anything but its own error."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import NOW

from bridge.services import finding
from bridge.services.filters import BadFilter, parse
from bridge.store import Database, filtering, migrate
from bridge.store.filtering import Condition


def read(text, kind="deliveries"):
    """Key, value and dash of each word."""
    window = Condition(key="since", value=NOW - timedelta(hours=24))
    found = [one for one in parse(text, kind, NOW) if one != window]
    return [(one.key, one.value, one.negated) for one in found]


def test_words_are_keys_with_values_and_text():
    """key:value, -key:value, quoted text, and text as it is; `status` is another word for `state`."""
    assert read('status:dead  -rule:paid* ticket:"a b" "no such ticket" 404') == [
        ("state", "dead", False),
        ("rule", "paid*", True),
        ("ticket", "a b", False),
        ("text", "no such ticket", False),
        ("text", "404", False),
    ]
    assert read(' -"gone" ', "events") == [("text", "gone", True)]
    assert read("") == []


def test_an_event_is_named_by_its_number_or_by_its_senders_id():
    """Digits are the bridge's own id; anything else is the sender's."""
    assert read("event:17 event:evt_1") == [
        ("event", 17, False),
        ("event", "evt_1", False),
    ]


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("since:90m", NOW - timedelta(minutes=90)),
        ("since:2w", NOW - timedelta(weeks=2)),
        ("since:2026-05-03", datetime(2026, 5, 3, tzinfo=UTC)),
        ("until:2026-05-03", datetime(2026, 5, 4, tzinfo=UTC)),
        ("until:2026-05-03T10:00", datetime(2026, 5, 3, 10, tzinfo=UTC)),
        ("since:2026-05-03T10:00-04:00", datetime(2026, 5, 3, 14, tzinfo=UTC)),
    ],
)
def test_times_are_ago_or_in_utc(word, moment):
    """An amount before now, a day, or a time; until a day takes that day in."""
    assert [value for _, value, _ in read(word)] == [moment]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stat:dead", "deliveries have no 'stat', did you mean 'state'?"),
        ("state:ded", "no deliveries have state 'ded', did you mean 'dead'?"),
        ("outcome:error", "deliveries have no 'outcome': one of state, source"),
        ("rule:", "'rule:' has no value: write, for example, rule:paid*"),
        ("since:yesterday", "is not a time: write 24h"),
        ("since:999999w", "is not a time"),
        ('rule:"a', "a quote is not closed"),
        ('a"b"', "a quote is not closed, or stands inside a word"),
        ("https://x", "deliveries have no 'https'"),
        ("rule:a\x00", "contains a control character"),
        ("rule:\udcff", "contains a control character"),
        ("x" * 1_001, "longer than 1000"),
        ('""', "contains an empty word"),
        ('" "', "contains an empty word"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_would_be_right(text, words):
    """The message names the word and the valid choice."""
    with pytest.raises(BadFilter) as caught:
        parse(text, "deliveries", NOW)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@given(text=st.text(max_size=60), kind=st.sampled_from([*filtering.KEYS]))
def test_no_text_raises_anything_else(text, kind):
    """Whatever is typed is a filter or the one error."""
    try:
        parse(text, kind, NOW)
    except BadFilter:
        pass


_PART = st.sampled_from(
    [*filtering.KEYS["deliveries"], *filtering.KEYS["events"], "status"]
    + ["payload.a=", "headers.b=", "payload.", "="]
    + [":", "-", '"', "*", " ", "%", "_", "[", "?", "\\", "'", "24h", "dead", "x", "9"]
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = Database(f"sqlite:///{tmp_path_factory.mktemp('filters')}/bridge.db")
    migrate(opened)
    yield opened
    opened.close()


@given(parts=st.lists(_PART, max_size=8), kind=st.sampled_from([*filtering.KEYS]))
def test_every_filter_that_is_read_can_be_asked(store, parts, kind):
    """What the parser takes the database takes too."""
    try:
        assert finding.find(store, kind, "".join(parts), now=NOW).rows == []
    except BadFilter:
        return


def test_every_key_has_an_example():
    """The sentence about a missing value shows one for each key."""
    for kind, keys in filtering.KEYS.items():
        for key in keys:
            with pytest.raises(BadFilter, match=f"write, for example, {key}:."):
                parse(f"{key}:", kind, NOW)


def test_conditions_are_values():
    """Two readings of the same text are equal."""
    assert parse("rule:x", "events", NOW) == (Condition(key="rule", value="x"),)
