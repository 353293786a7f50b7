"""What rules said to an event is one document on it: kept whole, joined, found, and moved there from older stores."""

import itertools
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import NOW
from sqlalchemy import text

from bridge.model import Decision, Diagnostic, Said
from bridge.services import choosing
from bridge.store import Database, decisions, migrate, views
from bridge.store.filtering import Condition
from bridge.store.keeping.migrating import upgrade

ODD = "a \"b\" \\ 'c' %s :d {e}\n\x1b \u2028 ümlaut 😀"
TOLD = ("rule", "said", "reason", "place", "code")

decided = st.builds(
    Decision,
    rule=st.sampled_from(["", "r", "other", ODD]),
    said=st.sampled_from(Said),
    reason=st.text(),
    place=st.sampled_from(["", "a.yaml:1"]),
    diagnostic=st.none() | st.just(Diagnostic(code="E202", message="m")),
)


def told(store, event):
    with store.read() as connection:
        found = views.decisions_of(connection, event)
        return found, views.event(connection, event)["outcome"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(decided, max_size=4), min_size=1, max_size=4))
def test_all_that_was_said_is_kept_in_its_order(database, receive, batches):
    """Whatever the words, one later routing after another; the outcome is that of each rule's last word."""
    event = receive()
    for said in batches:
        database.write(lambda c, said=said: decisions.revise(c, event, said, NOW))
    found, outcome = told(database, event)
    every = [one for said in batches for one in said]
    assert [(one["rule"], one["said"]) for one in found] == [
        (one.rule, one.said) for one in every
    ]
    for one, meant in zip(found, every):
        plain = meant.reason.replace("\0", "\\x00")
        assert one["reason"] == plain.encode("utf-8", "backslashreplace").decode()
        assert one["code"] == (meant.diagnostic and "E202")
        assert one["decided_at"] == NOW
    last = {one.rule: one.said for one in every}
    if every and every[-1].rule:
        last.pop("", None)
    assert outcome == decisions.outcome(last.values())


@pytest.mark.parametrize("part", ["ÜBER", "100%", "a_b", '"x"', "\\"])
def test_events_are_found_by_part_of_a_reason(database, receive, part):
    """By the words themselves, not by how the document writes them; a rule's name or a place is not a reason."""
    mine, other = receive("a"), receive("b")
    for event, rule, reason in ((mine, "r", f"so {part} it is"), (other, part, "axb")):
        said = Decision(rule=rule, said=Said.MATCHED, reason=reason, place=part)
        database.write(lambda c, e=event, s=said: decisions.revise(c, e, [s], NOW))
    receive("without")
    for value in (part, part.lower()):
        if value != part and part == "ÜBER" and database.dialect == "sqlite":
            continue  # which knows capital letters of ASCII alone
        wanted = [Condition(key="text", value=value)]
        assert [*choosing.event_batches(database, wanted)] == [[mine]]
        wanted = [Condition(key="text", value=value, negated=True)]
        assert choosing.count_events(database, wanted) == 2


# --- stores of the release before ----------------------------------------------------------------------------------


PAYLOAD = text(
    "INSERT INTO payloads (id, received_at, method, target, headers, body) VALUES (:id, 5, 'POST', '/', '{}', 'x')"
)
EVENT = text(
    "INSERT INTO events (id, source, event_id, type, received_at, payload_id, live, digest, state, outcome)"
    " VALUES (:id, 's', :name, 't', 5, :id, true, 'd', 'routed', 'matched')"
)
DECISION = text(
    "INSERT INTO decisions (event, rule, said, reason, place, code, decided_at)"
    " VALUES (:event, :rule, :said, :reason, :place, :code, :at) RETURNING id"
)
LAST_WORDS = text("SELECT rule, said FROM decisions WHERE event = :event ORDER BY id")


def routed(connection, id, said):
    """An event with its decisions, in the statements of the release before."""
    connection.execute(PAYLOAD, {"id": id})
    connection.execute(EVENT, {"id": id, "name": f"e{id}"})
    for rule, reason in said:
        row = {"event": id, "rule": rule, "said": "matched", "reason": reason}
        row |= {"place": "a.yaml:1", "code": None, "at": 1_000_007}
        connection.execute(DECISION, row).all()


@pytest.fixture
def old(untouched):
    """A store of the release before."""
    with untouched.transaction() as connection:
        upgrade(connection, "0009")
    return untouched


def test_decisions_of_an_older_store_are_moved(old):
    """All of them, in their order, word by word, with their times; an event without any has none."""
    many = [(f"r{number}", ODD) for number in range(20)]
    with old.transaction() as connection:
        routed(connection, 1, [("a", "first"), ("b", "second")])
        routed(connection, 2, [])
        routed(connection, 3, many)
    migrate(old)
    first, outcome = told(old, 1)
    assert [(one["rule"], one["reason"]) for one in first] == [
        ("a", "first"),
        ("b", "second"),
    ]
    assert outcome == "matched"
    assert first[0]["decided_at"].timestamp() == 1.000007
    assert [first[0][name] for name in TOLD[1::2]] == ["matched", "a.yaml:1"]
    assert told(old, 2)[0] == []
    assert [(one["rule"], one["reason"]) for one in told(old, 3)[0]] == many


def test_release_before_goes_on_with_what_it_knows(old):
    """On newer tables it writes, reads, finds and forgets decisions as ever; this release sees what it wrote."""
    with old.transaction() as connection:
        routed(connection, 1, [("a", "first")])
    migrate(old)
    with old.transaction() as connection:
        routed(connection, 2, [("a", "x"), ("b", ODD)])
        row = {"event": 1, "rule": "b", "said": "error", "reason": "later"}
        row |= {"place": "", "code": "E202", "at": 9}
        connection.execute(DECISION, row).all()
        words = connection.execute(LAST_WORDS, {"event": 1}).all()
        assert words == [("a", "matched"), ("b", "error")]
    assert [one["reason"] for one in told(old, 1)[0]] == ["first", "later"]
    assert [one["reason"] for one in told(old, 2)[0]] == ["x", ODD]
    said = Decision(rule="a", said=Said.SKIPPED, reason="now", place="")
    old.write(lambda c: decisions.revise(c, 2, [said], NOW))
    found = text(
        "SELECT event FROM decisions WHERE lower(reason) LIKE '%now%' AND decided_at > 9"
    )
    with old.transaction() as connection:
        assert connection.execute(found).scalars().all() == [2]
        connection.execute(text("DELETE FROM decisions WHERE event IN (1)"))
        connection.execute(text("DELETE FROM events WHERE id IN (1)"))
    assert [one["reason"] for one in told(old, 2)[0]] == ["x", ODD, "now"]


def test_nothing_is_lost_while_the_release_before_routes(old):
    """What it committed before, during and after the migration is there, and it never had to be stopped."""
    with old.transaction() as connection:
        for id in range(1, 300):
            routed(connection, id, [("a", "x"), ("b", "y")])
    url = old.url.render_as_string(hide_password=False)
    stop, begun, committed, failed = (threading.Event(), threading.Event(), [], [])

    def route():
        store = Database(url)
        for id in itertools.count(1_000):
            try:
                store.write(lambda c: routed(c, id, [("a", "x"), ("b", f"{id}")]))
                committed.append(id)
            except Exception as error:
                failed.append(error)
            begun.set()
            if stop.is_set():
                break
        store.close()

    router = threading.Thread(target=route)
    router.start()
    begun.wait()
    migrate(old)
    there = len(committed)
    while len(committed) < there + 5 and not failed:
        time.sleep(0.01)
    stop.set()
    router.join()
    assert failed == []
    for id in (*range(1, 300), *committed):
        assert [one["rule"] for one in told(old, id)[0]] == ["a", "b"]
