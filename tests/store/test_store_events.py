"""Events are stored once, in order, and routed once."""

import threading
from dataclasses import replace

import pytest
from running import NOW

from bridge.model import Decided, Decision, Event, Request, Said
from bridge.store import events, routed, views
from bridge.store.database import prepared


def request(body=b'{"a": 1}'):
    headers = (("Content-Type", "application/json"), ("Stripe-Signature", "t=1,v1=00"))
    return Request(
        method="POST",
        target="/hooks/stripe",
        headers=headers,
        body=body,
        received_at=NOW,
    )


def event(event_id="evt_1", **changes):
    base = Event(
        source="stripe",
        event_id=event_id,
        type="invoice.paid",
        occurred_at=NOW,
        received_at=NOW,
        payload={},
        headers={"user-agent": "Stripe/1.0"},
        digest="d1",
    )
    return replace(base, **changes)


def accept(database, *received, body=b'{"a": 1}'):
    return database.write(
        lambda connection: events.accept(connection, request(body), received)
    )


def count(database, table):
    with database.read() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()


def test_second_copy_is_a_duplicate(database):
    """The same event id of the same source is one row, and both answers name that row."""
    first = accept(database, event())
    second = accept(database, event())
    assert (first.new, second.new) == (1, 0)
    assert first.ids == second.ids
    assert count(database, "events") == 1


def test_duplicate_leaves_no_payload_behind(database):
    """A request that brought nothing new is not stored a second time."""
    accept(database, event())
    accept(database, event())
    assert count(database, "payloads") == 1


def test_same_id_from_another_source_is_another_event(database):
    """Event ids are unique within a source only."""
    accept(database, event())
    assert accept(database, event(source="stripe-test")).new == 1


def test_same_id_with_another_body_is_a_visible_conflict(database):
    """The first body stays, and the event counts that another one came under its id."""
    first = accept(database, event())
    second = accept(database, event(digest="d2"))
    assert second.conflicts == 1
    with database.read() as connection:
        assert views.event(connection, first.ids[0])["conflicts"] == 1


def test_batch_is_stored_once_with_its_items(database):
    """The events of one body share one payload row and keep their positions."""
    items = [event(f"evt_{number}", item=number) for number in range(3)]
    assert accept(database, *items).new == 3
    assert count(database, "payloads") == 1
    with database.read() as connection:
        waiting = events.waiting(connection, ["stripe"], 10)
    assert [(item.event_id, item.item) for item in waiting] == [
        ("evt_0", 0),
        ("evt_1", 1),
        ("evt_2", 2),
    ]


def test_batch_that_is_partly_known_adds_the_rest(database):
    """A batch that was extended by its sender brings only what is new."""
    accept(database, event("evt_0", item=0))
    accepted = accept(database, event("evt_0", item=0), event("evt_1", item=1))
    assert accepted.new == 1
    assert len(accepted.ids) == 2


@pytest.mark.parametrize(
    "look",
    [
        lambda c, sources: events.waiting_sizes(c, sources, 50),
        lambda c, sources: events.waiting(c, sources, 50),
    ],
)
def test_looking_for_work_does_not_pass_what_is_done(sqlite, look, monkeypatch):
    """What waits is found by its own index, however many events were routed before.

    Fails when the query names the source plainly: the index of event ids looks better to SQLite then.
    """
    said, run = [], prepared.run
    monkeypatch.setattr(prepared, "run", lambda *it: (said.append(it), run(*it))[1])
    with sqlite.read() as connection:
        look(connection, ["stripe"])
        _, statement, values = said[-1]
        explain = f"EXPLAIN QUERY PLAN {statement}"
        plan = connection.exec_driver_sql(explain, tuple(values))
        assert "ix_events_stored" in str(plan.all())


def test_events_of_two_sources_wait_in_one_order(database):
    """What was received first is routed first, whatever its source is called."""
    accept(database, event("1", source="zzz"))
    accept(database, event("2", source="aaa"))
    accept(database, event("3", source="not configured"))
    with database.read() as connection:
        waiting = events.waiting(connection, ["aaa", "zzz"], 10)
    assert [item.event_id for item in waiting] == ["1", "2"]


def test_fifty_copies_at_once_are_one_event(database):
    """Concurrent copies are decided by the unique insert: exactly one of them is new."""
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(accept(database, event()).new))
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0] * 49 + [1]


def test_signatures_and_other_headers_are_not_stored(database):
    """Only the provider's allow-list and the content type reach the store."""
    accept(database, event())
    with database.read() as connection:
        (stored,) = events.waiting(connection, ["stripe"], 1)
    assert dict(stored.request.headers) == {
        "user-agent": "Stripe/1.0",
        "content-type": "application/json",
    }


def test_raw_bytes_come_back_as_they_were(database):
    """NUL bytes, lone surrogates' escapes and invalid UTF-8 survive the store."""
    body = b'{"a": "\\u0000\\ud800"}\xff\x00'
    accept(database, event(), body=body)
    with database.read() as connection:
        (stored,) = events.waiting(connection, ["stripe"], 1)
    assert stored.request.body == body


def test_names_that_no_text_column_takes_are_kept_as_escapes(database):
    """A sender's NUL or lone surrogate in an id or type cannot make the insert fail."""
    assert accept(database, event("a\x00b\ud800", type="t\x00")).new == 1
    assert accept(database, event("a\x00b\ud800", type="t\x00")).new == 0


def test_event_is_routed_by_one_router_only(database):
    """The second router of an event records nothing."""
    id = accept(database, event()).ids[0]
    said = Decision(rule="r", said=Said.MATCHED, reason="because", place="f.yaml:1")
    verdict = Decided(event=id, decisions=(said,))

    def route():
        return database.write(
            lambda connection: routed.record(connection, [verdict], "h", NOW)
        )

    assert [route(), route()] == [[verdict], []]
    with database.read() as connection:
        assert len(views.decisions_of(connection, id)) == 1
        assert views.event(connection, id)["outcome"] == "matched"
