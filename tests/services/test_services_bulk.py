"""Acts on many at once: what a plan freezes and shows, and that a worker does each item once."""

import threading
from datetime import UTC, datetime

import pytest
from dying import LOOKER, RULESET, TICKETS, dead, route, set_row, work
from running import MAPPING, NOW
from sqlalchemy import func, select
from working import paid

from bridge import mapping
from bridge.services import bulk, bulk_work, causes, rulesets
from bridge.services.bulk import Asked
from bridge.services.bulk_looks import why
from bridge.state import State
from bridge.store import audit
from bridge.store import bulk as rows
from bridge.store import views
from bridge.store.audit import By
from bridge.store.tables import deliveries

ANA = By(person="ana", reason="the ticket is back")


@pytest.fixture
def store(database):
    """Deliveries 1 to 5 are dead, each for its own ticket."""
    rulesets.activate(database, RULESET)
    route(database, RULESET, *(paid(f"e{n}", ticket=TICKETS[n]) for n in range(5)))
    for id in range(1, 6):
        dead(database, id)
    return database


def plan(store, act="retry", words="state:dead", looker=LOOKER, **more):
    asked = Asked(act=act, words=words, **more)
    return bulk.plan(store, asked, looker, ANA, datetime.now(UTC))


def begin(store, id, rate=1_000.0):
    return bulk.start(store, id, ANA, datetime.now(UTC), rate)


def states(store):
    with store.read() as tx:
        query = select(deliveries.c.id, deliveries.c.state).order_by(deliveries.c.id)
        return {id: state for id, state in tx.execute(query)}


def replays(store):
    """delivery → how many replays of it there are."""
    of = deliveries.c.replay_of
    query = select(of, func.count()).where(of.is_not(None)).group_by(of)
    with store.read() as tx:
        return {id: count for id, count in tx.execute(query)}


def test_a_plan_changes_nothing_and_is_done_once_started(store):
    """A plan leaves every delivery as it is; after its start a worker does all of its items."""
    id = plan(store)
    work(store)
    assert set(states(store).values()) == {"dead"}
    found = bulk.shown(store, id)
    assert (found.state, found.total, found.to_do) == ("planned", 5, 5)
    begin(store, id)
    work(store)
    assert set(states(store).values()) == {"waiting"}
    found = bulk.shown(store, id)
    assert (found.state, found.counts) == ("finished", {"done": 5})
    assert found.ended_at is not None


def test_ids_are_frozen_when_it_is_planned(store):
    """What the filter would find later is not touched."""
    set_row(store, 5, state="delivered")
    id = plan(store)
    dead(store, 5)
    begin(store, id)
    work(store)
    assert states(store) == {
        1: "waiting",
        2: "waiting",
        3: "waiting",
        4: "waiting",
        5: "dead",
    }


@pytest.mark.parametrize("words", ["", "   "])
def test_no_words_never_mean_everything(store, words):
    """A plan without words is refused, so a filter that got lost cannot widen an act."""
    with pytest.raises(bulk.BadPlan):
        plan(store, words=words)


@pytest.mark.parametrize(
    "asked",
    [
        Asked(act="retry", words="1", current=True),
        Asked(act="replay", words="1", rule="paid"),
        Asked(act="cancel", words="1", force=True),
        Asked(act="reroute", words="cause:0123456789ab"),
    ],
)
def test_an_option_that_the_act_has_not_is_refused(store, asked):
    """An option that would be ignored is refused."""
    with pytest.raises(bulk.BadPlan):
        bulk.plan(store, asked, LOOKER, ANA, NOW)


def test_nothing_found_makes_no_plan(store):
    """If nothing matches, no plan is stored."""
    with pytest.raises(bulk.NothingFound):
        plan(store, words="state:dead code:http_500")
    assert bulk.listed(store) == []


def test_too_much_is_refused(store, monkeypatch):
    """A filter that finds more than the bound is refused before anything is stored."""
    monkeypatch.setattr(bulk, "MOST", 4)
    with pytest.raises(bulk.BadPlan, match="narrow the filter"):
        plan(store)
    assert bulk.listed(store) == []


def test_a_plan_says_what_is_left_out_and_why(store):
    """What cannot be done is counted by reason, with an example; of the rest the tickets are counted."""
    set_row(store, 1, state="delivered")
    set_row(store, 2, state="held")
    id = plan(store, words="1 2 3 4 99")
    preview = bulk.preview(store, id)
    assert {(row["why"], row["count"]) for row in preview.left} == {
        ("it is delivered, not waiting or dead", 1),
        ("it is held, not waiting or dead", 1),
        ("there is no delivery …", 1),
    }
    assert preview.tickets == 2
    assert [row["target"] for row in preview.examples] == [4, 3]
    begin(store, id)
    work(store)
    assert states(store)[2] == "held"


def test_a_cause_can_be_planned(store):
    """A plan of a cause has the deliveries of that cause alone."""
    dead(store, 3, code="http_500")
    (cause,) = [
        one
        for one in causes.listed(store, State.DEAD, NOW).causes
        if one.code == "http_500"
    ]
    id = plan(store, words=f"cause:{cause.id}")
    assert [row["target"] for row in bulk.items(store, id)] == [3]


def test_only_the_newest_of_a_ticket_is_replayed(store):
    """By default a replay sends only the newest delivery of a ticket, and says which it leaves out."""
    route(store, RULESET, *(paid(f"f{n}", ticket=TICKETS[0]) for n in range(3)))
    for id in (6, 7, 8):
        set_row(store, id, state="delivered")
    id = plan(store, "replay", "6 7 8")
    assert bulk.shown(store, id).counts == {"left": 2, "eligible": 1}
    (left,) = bulk.preview(store, id).left
    assert left["why"] == "a newer item updates the same ticket"
    begin(store, id)
    work(store)
    assert replays(store) == {8: 1}
    every = plan(store, "replay", "6 7 8", newest=False)
    assert bulk.shown(store, every).counts == {"eligible": 3}


def test_only_the_newest_event_of_a_ticket_is_rerouted(database):
    """By default a reroute takes, of several events for one ticket, only the newest."""
    silent = MAPPING.replace("invoice.paid", "invoice.nothing")
    before = mapping.build({"rules.yaml": silent}).usable()
    route(database, before, *(paid(f"f{n}", ticket=TICKETS[n % 2]) for n in range(5)))
    rulesets.activate(database, RULESET)
    id = plan(database, "reroute", "outcome:no_match")
    eligible = bulk.items(database, id, ("eligible",))
    assert [row["target"] for row in eligible] == [4, 5]
    begin(database, id)
    work(database)
    assert len(states(database)) == 2
    again = plan(database, "reroute", "1 2 3 4 5")
    # Nothing was delivered yet, so the older ones are still possible, but those that were made are not made again.
    assert {4, 5} & {
        r["target"] for r in bulk.items(database, again, ("eligible",))
    } == set()


def test_appending_fields_are_warned_of(database):
    """A plan counts the items whose repetition would add to a field a second time."""
    from working import failed

    rulesets.activate(database, RULESET)
    route(database, RULESET, failed("f1", "1,2"))
    for id in (1, 2):
        dead(database, id)
    assert bulk.preview(database, plan(database)).adds == {"comment": 2}


def test_what_is_paused_or_cancelled_stops(store):
    """A paused act does nothing more until it is resumed; a cancelled one never does."""
    id = plan(store)
    begin(store, id)
    bulk.pause(store, id, ANA, NOW)
    work(store)
    assert set(states(store).values()) == {"dead"}
    bulk.resume(store, id, ANA, NOW)
    bulk.pause(store, id, ANA, NOW)
    bulk.cancel(store, id, ANA, NOW)
    work(store)
    assert set(states(store).values()) == {"dead"}
    for change in (bulk.pause, bulk.resume, bulk.cancel, bulk.start):
        with pytest.raises(bulk.NotNow, match="it is cancelled"):
            change(store, id, ANA, NOW)


def test_a_pause_in_the_middle_of_an_item_undoes_it(store, monkeypatch):
    """An act that is paused while a worker is at an item is not done behind the person's back."""
    id = plan(store)
    begin(store, id)
    take = rows.take

    def paused_meanwhile(tx, item, owner):
        rows.move(tx, id, ("running",), "paused")
        return take(tx, item, owner)

    monkeypatch.setattr("bridge.store.bulk.take", paused_meanwhile)
    bulk_work.work_once(store, LOOKER, lambda seconds: None)
    assert set(states(store).values()) == {"dead"}


def test_the_audit_names_person_reason_and_bulk_act(store):
    """Each item is in the audit trail with who started the bulk act, why, and its number."""
    id = plan(store, words="1")
    begin(store, id)
    work(store)
    with store.read() as tx:
        acts = audit.newest(tx, limit=5)
    assert [(row["action"], row["person"]) for row in acts] == [
        ("retry", "ana"),
        ("bulk start", "ana"),
    ]
    assert acts[0]["reason"] == f"the ticket is back (bulk {id})"


def test_many_items_are_looked_at_by_a_worker(store, monkeypatch):
    """A large plan is returned before it was looked at, and starts only when a worker has looked at all of it."""
    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    id = plan(store)
    assert bulk.shown(store, id).counts == {"new": 5}
    with pytest.raises(bulk.NotNow, match="it is planning"):
        begin(store, id)
    work(store)
    assert bulk.shown(store, id).counts == {"eligible": 5}
    assert bulk.shown(store, id).state == "planned"


def test_two_workers_do_each_item_once(store):
    """Two workers that are both at an act, because a lease ran out, replay each delivery once."""
    id = plan(store, "replay", "1 2 3 4 5")
    begin(store, id)
    with store.read() as tx:
        items = rows.items(tx, id, ("eligible",), limit=10)
    row = store.write(lambda tx: rows.claim(tx, "w1", NOW, NOW))
    do = bulk_work._doer(row, LOOKER, ANA)
    store.write(lambda tx: rows.keep(tx, id, "w1", NOW))
    done = []

    def both():
        for item in items:
            done.append(bulk_work._do(store, item, "w1", do))

    threads = [threading.Thread(target=both) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replays(store) == dict.fromkeys(range(1, 6), 1)
    assert len(done) == 10


def test_a_lost_lease_stops_a_worker(store):
    """A worker that wakes up after another one took over does nothing."""
    id = plan(store)
    begin(store, id)
    store.write(lambda tx: rows.claim(tx, "w1", NOW, NOW))
    store.write(lambda tx: rows.claim(tx, "w2", datetime.now(UTC), datetime.now(UTC)))
    with store.read() as tx:
        item, *_ = rows.items(tx, id, ("eligible",), limit=1)
        row = rows.load(tx, id)
    assert row["owner"] == "w2"
    do = bulk_work._doer(row, LOOKER, ANA)
    assert not bulk_work._do(store, item, "w1", do)
    assert set(states(store).values()) == {"dead"}


def test_what_changed_meanwhile_is_said_and_not_forced(store):
    """An item that is not as it was planned is refused when its turn comes, and the others are done."""
    id = plan(store)
    set_row(store, 2, state="delivered")
    begin(store, id)
    work(store)
    found = bulk.shown(store, id)
    assert found.counts == {"done": 4, "failed": 1}
    (item,) = bulk.items(store, id, ("failed",))
    assert (item["target"], item["message"].split(",")[0]) == (
        2,
        "not retried: it is delivered",
    )


def test_the_rate_bounds_what_is_done(store):
    """Between two items a worker waits as long as the rate asks, and a slow rate leaves the worker free meanwhile."""
    waits = []
    id = plan(store)
    begin(store, id, rate=2.0)
    bulk_work.work_once(store, LOOKER, waits.append)
    assert waits and 0.3 < max(waits) <= 0.5
    for number in range(1, 6):
        dead(store, number)
    slow = plan(store)
    begin(store, slow, rate=1 / 3600)
    assert bulk_work.work_once(store, LOOKER, lambda seconds: None)
    assert not bulk_work.work_once(store, LOOKER, lambda seconds: None)
    assert bulk.shown(store, slow).counts == {"done": 1, "eligible": 4}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "not retried: it is held, not waiting or dead: `bridge release 7` sends it",
            "it is held, not waiting or dead",
        ),
        (
            "not replayed: a newer update of ticket 4711 was already delivered, add --force to send it anyway",
            "a newer update of ticket … was already delivered",
        ),
        (
            "not retried: delivery 12 already used its idempotency key, `bridge replay 3` sends it anyway",
            "delivery … already used its idempotency key,",
        ),
    ],
)
def test_equal_reasons_are_counted_together(message, expected):
    """A reason is counted without numbers, tickets and commands, which differ from item to item."""
    assert why(message).rstrip() == expected


def test_a_message_of_each_delivery_is_kept(store):
    """Each item says what was done with it, and by whom."""
    id = plan(store, words="1")
    begin(store, id)
    work(store)
    (item,) = bulk.items(store, id)
    assert item["state"] == "done"
    assert item["message"].startswith("retried by ana: the ticket is back (bulk")
    with store.read() as tx:
        assert views.delivery(tx, 1)["person"] == "ana"


def test_a_worker_that_dies_after_an_item_does_not_repeat_it(store, monkeypatch):
    """An item is marked in the transaction that does it: whoever continues after a crash does it no second time."""
    id = plan(store, "replay", "1 2 3")
    begin(store, id)

    def dies(*_, **__):
        raise RuntimeError("the worker died")

    with monkeypatch.context() as patch:
        patch.setattr("bridge.store.bulk.tell", dies)
        with pytest.raises(RuntimeError):
            bulk_work.work_once(store, LOOKER, lambda seconds: None)
    over = datetime(2020, 1, 1, tzinfo=UTC)
    with store.read() as tx:
        owner = rows.load(tx, id)["owner"]
    store.write(lambda tx: rows.keep(tx, id, owner, over))
    work(store)
    assert bulk.shown(store, id).counts == {"done": 3}
    assert replays(store) == {1: 1, 2: 1, 3: 1}
