"""Finding: pages by cursors, what came since, counts that end, and the sentences beside them."""

from datetime import timedelta

import heaps
import pytest
from running import NOW

from bridge.services import finding
from bridge.services.cursors import BadCursor
from bridge.services.filters import BadFilter
from bridge.store import Database, migrate
from schemas import own_schema

SOURCES = ("stripe", "shopify", "hubspot")


@pytest.fixture
def heap(database):
    """The heap, to be changed."""
    return fill(database)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def still(request, tmp_path_factory):
    """The heap, for whoever only looks."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path_factory.mktemp('heap')}/bridge.db")
        migrate(made)
        yield fill(made)
        made.close()
        return
    with own_schema(request.getfixturevalue("postgres_url")) as made:
        migrate(made)
        yield fill(made)


def fill(database):
    """120 events of three sources and four types, each third with a delivery; three refused requests among them."""
    made, sent = [], []
    for number in range(1, 121):
        source = SOURCES[number % 3]
        outcome = "matched" if number % 3 == 0 else "no_match"
        word = [heaps.said("paid", outcome), heaps.said("late", "no_match")]
        made.append(
            heaps.event(
                number,
                source=source,
                type=f"t{number % 4}",
                outcome=outcome,
                decisions=word,
                body={"data": {"id": f"ch_{number}", "amount": number}},
            )
        )
        if outcome == "matched":
            state = "dead" if number == 60 else "delivered"
            code = "http_404" if number == 60 else "delivered"
            sent.append(
                heaps.delivery(
                    number // 3,
                    number,
                    source=source,
                    state=state,
                    code=code,
                    reason="no such ticket" if number == 60 else "",
                    ticket=f"tick-{number % 5}",
                )
            )
    heaps.put(database, made, sent)
    for number in (20, 60, 100):
        at = NOW - timedelta(days=1) + timedelta(seconds=number, milliseconds=500)
        heaps.refuse(database, at)
    return database


def ids(found):
    return [row["id"] for row in found.rows]


def every(database, kind, text, limit, **more):
    """All pages of a filter, one after another."""
    cursor, pages = "", []
    while True:
        found = finding.find(
            database, kind, text, cursor=cursor, limit=limit, now=NOW, **more
        )
        pages += [(row.get("refused", False), row["id"]) for row in found.rows]
        cursor = found.next
        if not cursor:
            return pages


def expected(wanted):
    return [number for number in range(120, 0, -1) if wanted(number)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", lambda n: True),
        ("source:stripe", lambda n: n % 3 == 0),
        ("source:s*", lambda n: n % 3 < 2),
        ("-source:stripe", lambda n: n % 3),
        ("source:stripe type:t1", lambda n: n % 3 == 0 and n % 4 == 1),
        ("type:t1 type:t2 -source:hubspot", lambda n: n % 4 in (1, 2) and n % 3 < 2),
        ("source:nobody", lambda n: False),
        ("outcome:matched", lambda n: n % 3 == 0),
        ("-outcome:matched type:t0", lambda n: n % 3 and n % 4 == 0),
        ("event:evt_7 event:8", lambda n: n in (7, 8)),
        ("event:evt_1*", lambda n: str(n).startswith("1")),
        ("id:9", lambda n: n == 9),
        ("-id:9 id:9", lambda n: False),
        ("ticket:tick-0", lambda n: n % 15 == 0),
        ("ticket:tick-0 code:http_404", lambda n: n == 60),
        ("-rule:paid", lambda n: n % 3),
        ("connection:v* operation:vambe.*", lambda n: n % 3 == 0),
        ("payload.data.id=ch_7", lambda n: n == 7),
        ("payload.data.id=ch_7*", lambda n: n == 7 or 70 <= n < 80),
        ("payload.data.amount=7 payload.data.amount=8", lambda n: n in (7, 8)),
        ("-payload.data.id=ch_7", lambda n: n != 7),
        ("payload.data.missing=1", lambda n: False),
        ("headers.x-shop=sur id:4", lambda n: n == 4),
        ("CH_77", lambda n: n == 77),
        ('-"AMOUNT is" id:4', lambda n: False),
        ('"amount is 3"', lambda n: True),
        ("is:duplicate", lambda n: False),
        ("state:routed type:t3", lambda n: n % 4 == 3),
        ("state:stored", lambda n: False),
    ],
)
def test_events_are_found_page_by_page(still, text, wanted):
    """Each event that a filter names, newest first, once, whatever the size of a page."""
    whole = [(False, number) for number in expected(wanted)]
    assert every(still, "events", text, 7) == whole
    assert every(still, "events", text, 500) == whole
    counted = finding.count(still, "events", text, now=NOW)
    assert (counted.number, counted.exact) == (len(whole), True)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", lambda n: True),
        ("state:dead", lambda n: n == 20),
        ("-state:dead ticket:tick-0", lambda n: n % 5 == 0 and n != 20),
        ("code:http_404", lambda n: n == 20),
        ("rule:paid source:stripe", lambda n: True),
        ("type:t1", lambda n: 3 * n % 4 == 1),
        ("event:evt_60", lambda n: n == 20),
        ("event:60", lambda n: n == 20),
        ('"no such"', lambda n: n == 20),
        ("payload.data.id=ch_60", lambda n: n == 20),
        ("-payload.data.id=ch_60", lambda n: n != 20),
    ],
)
def test_deliveries_are_found_page_by_page(still, text, wanted):
    """The same of deliveries, by what they are and by their event."""
    whole = [(False, number) for number in range(40, 0, -1) if wanted(number)]
    assert every(still, "deliveries", text, 3) == whole


def test_refused_requests_stand_among_events_by_time(still):
    """A list of what was received has both, in order of time, and each once over all pages."""
    found = every(still, "received", "", 10)
    assert len(found) == len(set(found)) == 123
    assert found.index((True, 3)) == found.index((False, 100)) - 1
    assert found.index((True, 1)) == found.index((False, 20)) - 1
    assert every(still, "received", "is:refused", 2) == [
        (True, 3),
        (True, 2),
        (True, 1),
    ]
    assert (True, 1) not in every(still, "received", "-is:refused", 50)
    assert every(still, "received", "reason:wrong* source:stripe", 50) == [
        (True, 3),
        (True, 2),
        (True, 1),
    ]
    assert every(still, "received", "type:t1", 50)[0] == (False, 117)
    assert every(still, "refused", "remote:192.0.2.*", 2)[0] == (True, 3)


def test_rows_say_what_became_of_it(still):
    """A sentence, the tickets and the size of an event; of a refused request that only metadata is kept."""
    (row,) = finding.find(still, "received", "id:60", now=NOW).rows
    assert row["summary"] == "matched 1 of 2 rules, 1 update failed (http_404)"
    assert row["tickets"] == ["tick-0"] and row["size"] == 39
    (other,) = finding.find(still, "events", "id:61", now=NOW).rows
    assert other["summary"] == "no rule matched (2 asked)" and other["tickets"] == []
    refused, *_ = finding.find(still, "received", "is:refused", now=NOW).rows
    assert refused["summary"] == "refused: wrong_signature (401), metadata only"
    assert set(other) <= set(refused) | {"occurred_at", "conflicts", "ruleset"}


def test_what_came_since_is_told_apart(heap):
    """A mark counts what came later, and finds it."""
    mark = finding.find(heap, "received", "source:stripe", limit=5, now=NOW).newest
    asked = {"after": mark, "now": NOW}
    assert finding.newer(heap, "received", "source:stripe", **asked) == 0
    heaps.put(heap, [heaps.event(n, at=NOW) for n in (121, 122)])
    heaps.put(heap, [heaps.event(123, at=NOW, source="other")])
    heaps.refuse(heap, NOW)
    assert finding.newer(heap, "received", "source:stripe", **asked) == 3
    found = finding.find(heap, "received", "source:stripe", **asked)
    assert sorted(ids(found)) == [4, 121, 122]


def test_what_came_since_is_counted_up_to_a_bound(heap):
    """However much is newer, a page that asks costs no more than the bound."""
    mark = finding.find(heap, "events", "", limit=5, now=NOW).newest
    more = range(1_000, 1_000 + finding.MOST_NEWER + 50)
    heaps.put(heap, [heaps.event(n, at=NOW) for n in more])
    number = finding.newer(heap, "events", "", after=mark, now=NOW)
    assert number == finding.MOST_NEWER


def test_a_window_does_not_slide_from_page_to_page(still):
    """`since:24h` means the same on each page, however late it is turned."""
    first = finding.find(still, "events", "since:24h", limit=50, now=NOW)
    later = NOW + timedelta(hours=3)
    second = finding.find(
        still, "events", "since:24h", cursor=first.next, limit=500, now=later
    )
    assert len(ids(first) + ids(second)) == 120


def test_content_is_searched_in_a_window_that_is_told(heap):
    """24 hours unless the filter says more; the sentence says which."""
    heaps.put(heap, [heaps.event(200, at=NOW - timedelta(days=3), body={"x": "old"})])
    found = finding.find(heap, "events", "payload.x=old", now=NOW)
    assert found.rows == [] and "Content was searched since 2026-11-21 12:00" in (
        found.note
    )
    found = finding.find(heap, "events", "payload.x=old since:7d", now=NOW)
    assert ids(found) == [200]
    assert finding.find(heap, "events", "payload.x=old id:200", now=NOW).rows


def test_a_search_says_that_it_scans(still):
    """Where no index tells it; and nothing where one does."""
    scans = finding.find(still, "events", "-outcome:matched", now=NOW).note
    assert scans == "This scans everything: narrow by since:"
    since = finding.find(still, "events", "-outcome:matched since:2d", now=NOW).note
    assert since == "This scans everything since 2026-11-20 12:00 UTC."
    for text in ("", "source:s*", "outcome:error", "ticket:1", "since:1h", "id:3"):
        assert finding.find(still, "events", text, now=NOW).note == ""


def test_a_search_that_takes_long_stops_and_is_continued(heap, monkeypatch):
    """After its time it gives what it has, says so, and the cursor goes on from there: nothing is lost or doubled."""
    monkeypatch.setattr(finding, "SECONDS", -1.0)
    monkeypatch.setattr("bridge.store.searching.WINDOW", 10)
    monkeypatch.setattr("bridge.store.searching._QUICK", -1.0)
    first = finding.find(heap, "events", "-outcome:matched", limit=50, now=NOW)
    assert not first.complete and first.next and len(first.rows) < 10
    assert "It stopped after 2 seconds" in first.note
    whole = [(False, number) for number in expected(lambda n: n % 3)]
    assert every(heap, "events", "-outcome:matched", 50) == whole
    both = every(heap, "received", "-outcome:matched", 50)
    assert len(both) == len(set(both)) == len(whole) + 3
    assert both.index((True, 1)) == both.index((False, 20)) - 1
    counted = finding.count(heap, "events", "-outcome:matched", now=NOW)
    assert not counted.exact and counted.number < 10


def test_a_count_ends(still):
    """It counts so many and no more."""
    counted = finding.count(still, "events", "", now=NOW, at_most=100)
    assert (counted.number, counted.exact) == (100, False)


def test_a_clock_that_was_set_back_hides_nothing(database):
    """Times and numbers need not rise together, as long as the clock was set back by less than an hour."""
    ago = [180, 150, 120, 170, 140, 110, 60, 100, 90, 50, 30, 55, 20, 1]
    made = [
        heaps.event(n, at=NOW - timedelta(minutes=minutes))
        for n, minutes in enumerate(ago, 1)
    ]
    heaps.put(database, made)
    for limit in range(0, 200, 7):
        since = {n for n, minutes in enumerate(ago, 1) if minutes <= limit}
        found = finding.find(database, "events", f"since:{limit}m", now=NOW)
        assert set(ids(found)) == since
        found = finding.find(database, "events", f"until:{limit}m", now=NOW)
        assert set(ids(found)) == {*range(1, 15)} - {
            n for n, minutes in enumerate(ago, 1) if minutes <= limit
        }


@pytest.mark.parametrize(
    "cursor", ["x", "é", "A" * 63, "../..", "1 OR 1=1", "'; DROP TABLE events; --"]
)
def test_a_forged_cursor_is_refused(sqlite, cursor):
    """What is not ours is refused in words, as a cursor and as a mark."""
    with pytest.raises(BadCursor, match="not a cursor of this list"):
        finding.find(sqlite, "events", "", cursor=cursor, now=NOW)
    with pytest.raises(BadCursor):
        finding.newer(sqlite, "events", "", after=cursor, now=NOW)


def test_a_cursor_belongs_to_its_filter(still):
    """That of another filter, of another kind, or a mark in its place is refused."""
    found = finding.find(still, "events", "source:stripe", limit=2, now=NOW)
    for kind, text, cursor in (
        ("events", "source:shopify", found.next),
        ("received", "source:stripe", found.next),
    ):
        with pytest.raises(BadCursor, match="another filter"):
            finding.find(still, kind, text, cursor=cursor, now=NOW)
    with pytest.raises(BadCursor):
        finding.find(still, "events", "source:stripe", cursor=found.newest, now=NOW)
    changed = (
        found.next[:20] + ("A" if found.next[20] != "A" else "B") + found.next[21:]
    )
    with pytest.raises(BadCursor):
        finding.find(still, "events", "source:stripe", cursor=changed, now=NOW)


def test_what_was_typed_never_reaches_the_database_as_words(still):
    """SQL in a filter is a value that nothing has."""
    for text in (
        "source:'_OR_1=1--",
        "ticket:\"x' OR '1'='1\"",
        'payload.a=") OR 1=1 --"',
        "type:%' rule:_",
        '"%\' OR 1=1; DROP TABLE events"',
        "source:\u0130*\u00df",
    ):
        assert finding.find(still, "events", text, now=NOW).rows == []
    assert len(every(still, "events", "", 500)) == 120


def test_what_cannot_be_read_is_said(still):
    """A filter that cannot be read is BadFilter, before anything is asked of the store."""
    with pytest.raises(BadFilter):
        finding.count(still, "events", "stat:dead", now=NOW)
