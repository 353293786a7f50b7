"""Look-ups for thin events: asked before the rules are, in order of their object, without holding up anybody else."""

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from answering import Answering
from werkzeug.wrappers import Request as Asked
from werkzeug.wrappers import Response
from working import Bench

from bridge import mapping
from bridge.outbound import Outbound
from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import acts, choosing, steer
from bridge.services.filters import parse
from bridge.services.replay import Replayer
from bridge.services.rerouting import Rerouter
from bridge.services.rulesets import activate
from bridge.store import events, ledger, views
from bridge.store.audit import By
from bridge.store.keeping.retention import Keep, forget
from bridge.store.queue import claims as queue
from bridge.worker import Worker, fetching
from bridge.worker.asking import Asker
from bridge.worker.routing import Router

TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
MAPPING = """\
version: 1
source:
  name: shop
  provider: generic
  verify: {{ scheme: token, header: X-Token, secret: {{ env: SHOP_SECRET }} }}
  event: {{ type: body.type{id} }}
  fetch:
    when: event.type != "ping"
    target: http.request
    connection: {{ base_url: {api} }}
    auth: {{ bearer: {{ env: SHOP_TOKEN }} }}
    fields: {{ method: GET, path: "/orders/{{{{ event.order }}}}" }}{more}
rules:
  - id: order-sets-amount
    when: fetched is defined
    target: vambe.update_amount
    connection: {{ base_url: {vambe} }}
    auth: {{ api_key: {{ env: VAMBE_API_KEY }} }}
    fields: {{ ticket_id: "{{{{ fetched.ticket }}}}", amount: "{{{{ fetched.total }}}}" }}
"""

PLAIN = """\
version: 1
source:
  name: shop
  provider: generic
  verify: {{ scheme: token, header: X-Token, secret: {{ env: SHOP_SECRET }} }}
  event: {{ type: body.type, id: body.id }}
rules:
  - id: order-sets-amount
    events: [order]
    target: vambe.update_amount
    connection: {{ base_url: {vambe} }}
    auth: {{ api_key: {{ env: VAMBE_API_KEY }} }}
    fields: {{ ticket_id: a1b2c3d4-e5f6-7890-abcd-ef1234567890, amount: 5 }}
"""


class Shop(Answering):
    """An API that answers as told: path → what it says next, the last one for ever."""

    def __init__(self):
        super().__init__()
        self.answers, self.asked = {}, []

    def order(self, name, *said):
        """What it says about an order: a total, a status as text, or a body."""
        self.answers[f"/orders/{name}"] = list(said)

    def __call__(self, environ, start):
        asked = Asked(environ)
        self.asked.append((asked.path, asked.headers.get("Authorization")))
        said = self.answers.get(asked.path, ["404"])
        said = said.pop(0) if said[1:] else said[0]
        if isinstance(said, str):
            return Response("{}", int(said))(environ, start)
        if isinstance(said, bytes):
            body = said
        else:
            body = json.dumps({"ticket": TICKET, "total": said}).encode()
        return Response(body, 200, mimetype="application/json")(environ, start)


class ShopBench(Bench):
    """A bench whose source looks its events up."""

    def __init__(self, database, sandbox, shop, *, more="", id=", id: body.id"):
        self.shop = shop
        text = MAPPING.format(
            api=shop.url, vambe=f"{sandbox.url}/vambe", more=more, id=id
        )
        super().__init__(database, sandbox, text)

    def new_worker(self):
        outbound = Outbound(allowed_networks=[ip_network("127.0.0.0/8")])
        return Worker(self.database, lambda: self.ruleset, outbound, clock=self.clock)

    def receive(self, order, id="1", type="order"):
        body = {"type": type, "order": order} | ({"id": id} if id else {})
        return self.accept("shop", body)

    def event(self, id):
        with self.database.read() as connection:
            return views.event(connection, id)

    def look_ups(self):
        return [row for row in self.deliveries() if row["look_up"]]

    def updates(self):
        return [row for row in self.deliveries() if not row["look_up"]]

    def amounts(self):
        return [json.loads(call.body)["amount"] for call in self.sandbox.calls("vambe")]

    def ask(self):
        """One round, and the calls that it began."""
        self.worker.work_once()
        self.worker.join()


@pytest.fixture
def shop(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", "x" * 20)
    monkeypatch.setenv("SHOP_TOKEN", "shop-token-1234567")
    with Shop() as running:
        yield running


@pytest.fixture
def bench(database, sandbox, shop):
    return ShopBench(database, sandbox, shop)


def test_event_is_looked_up_before_the_rules_are_asked(bench, shop):
    """The rules see the answer, it is kept with the event, and asking is no update: nothing of it is in the ledger."""
    shop.order("77", 1500)
    (id,) = bench.receive("77").ids
    bench.work()
    assert shop.asked == [("/orders/77", "Bearer shop-token-1234567")]
    assert bench.amounts() == [1500]
    assert (bench.event(id)["state"], bench.event(id)["outcome"]) == (
        "routed",
        "matched",
    )
    with bench.database.read() as connection:
        stored = events.load(connection, id)
        entries = ledger.of_ticket(connection, "/orders/77", 9)
    assert json.loads(stored.fetched) == {"ticket": TICKET, "total": 1500}
    assert not entries


def test_event_that_needs_no_look_up_is_routed_at_once(bench, shop):
    """`when` of fetch decides; the rules are asked without `fetched`."""
    (id,) = bench.receive("77", type="ping").ids
    bench.work()
    assert shop.asked == [] and bench.deliveries() == []
    assert bench.event(id)["outcome"] == "no_match"


def test_waiting_look_up_stops_only_its_own_object(bench, shop):
    """While order 1 is retried, order 2 goes on, and the next event of order 1 waits behind the first."""
    shop.order("1", "503", 100)
    shop.order("2", 200_000)
    for number, order in enumerate(["1", "2", "1"]):
        bench.receive(order, id=str(number))
    bench.work()
    assert bench.amounts() == [200_000]
    assert [row["state"] for row in bench.look_ups()] == [
        "waiting",
        "delivered",
        "waiting",
    ]
    assert [path for path, _ in shop.asked].count("/orders/1") == 1
    bench.make_due()
    bench.work()
    assert bench.amounts() == [200_000, 100, 100]
    assert [row["state"] for row in bench.look_ups()] == ["delivered"] * 3


def test_failed_look_up_is_a_dead_letter_that_frees_its_object(bench, shop):
    """A refusal ends it, visibly; the event says so, and the next event of the object is looked up."""
    shop.order("1", "403", 900)
    first, second = bench.receive("1").ids[0], bench.receive("1", id="2").ids[0]
    bench.work()
    assert [row["state"] for row in bench.look_ups()] == ["dead", "delivered"]
    assert bench.event(first)["outcome"] == "error"
    with bench.database.read() as connection:
        (said,) = views.decisions_of(connection, first)
    assert said["said"] == "error" and said["reason"].startswith("its look-up failed")
    assert bench.event(second)["outcome"] == "matched"
    assert bench.amounts() == [900]


def test_retried_look_up_is_made_again_with_the_rules_of_now(bench, shop):
    """A person retries the dead letter after the cause is gone, and the event goes its way."""
    shop.order("1", "403", 900)
    (id,) = bench.receive("1").ids
    bench.work()
    (dead,) = bench.look_ups()
    (done,) = steer.retry(bench.database, [dead["id"]], bench.ruleset, "")
    assert done.ok, done.message
    bench.work()
    assert [row["state"] for row in bench.look_ups()] == ["cancelled", "delivered"]
    assert bench.amounts() == [900] and bench.event(id)["outcome"] == "matched"


def test_cancelled_look_up_ends_its_event(bench, shop):
    """Dropping what waits leaves the event skipped, and says by whom."""
    shop.order("1", "503")
    (id,) = bench.receive("1").ids
    bench.work()
    (row,) = bench.look_ups()
    (done,) = steer.cancel(bench.database, [row["id"]], By(person="ana"))
    assert done.ok
    assert (bench.event(id)["state"], bench.event(id)["outcome"]) == (
        "routed",
        "skipped",
    )


def _retried(bench, id):
    return steer.retry(bench.database, [id], bench.ruleset, "")


def _replayed(bench, id):
    activate(bench.database, bench.ruleset)
    replayer = Replayer(bench.database)
    return [replayer.send(replayer.plan(id), By())]


@pytest.mark.parametrize("again", [_retried, _replayed])
@pytest.mark.parametrize("answer", ["503", "403"])
def test_event_of_a_cancelled_look_up_runs_again(bench, shop, again, answer):
    """Waiting or dead when it was dropped: a person has it looked up again, once, and the event meets its rules."""
    shop.order("1", answer, 900)
    (id,) = bench.receive("1").ids
    bench.work()
    (row,) = bench.look_ups()
    (done,) = steer.cancel(bench.database, [row["id"]], By(person="ana"))
    assert f"`bridge retry {row['id']}` makes the look-up again" in done.message
    (done,) = again(bench, row["id"])
    assert done.ok, done.message
    bench.work()
    assert [one["state"] for one in bench.look_ups()] == ["cancelled", "delivered"]
    assert bench.amounts() == [900]
    assert (bench.event(id)["state"], bench.event(id)["outcome"]) == (
        "routed",
        "matched",
    )
    assert not again(bench, row["id"])[0].ok
    bench.work()
    assert bench.amounts() == [900]


def test_cancelled_look_up_stands_in_nobodys_way(bench, shop):
    """The next event of its object is looked up at once; the dropped one comes behind it when it is wanted again."""
    shop.order("1", "503", 100, 200)
    bench.receive("1"), bench.receive("1", id="2")
    bench.work()
    first, _ = bench.look_ups()
    steer.cancel(bench.database, [first["id"]])
    bench.work()
    assert bench.amounts() == [100]
    assert _retried(bench, first["id"])[0].ok
    bench.work()
    assert bench.amounts() == [100, 200]


def test_cancelled_look_up_that_nobody_needs_any_more(bench, shop):
    """Where the current rules look nothing up, the event meets them as it is, and only once."""
    shop.order("1", "503")
    (id,) = bench.receive("1").ids
    bench.work()
    (row,) = bench.look_ups()
    steer.cancel(bench.database, [row["id"]])
    text = PLAIN.format(vambe=bench.sandbox.url + "/vambe")
    bench.ruleset = mapping.build({"rules.yaml": text}).usable()
    for _ in range(2):
        _retried(bench, row["id"])
        bench.work()
    assert bench.event(id)["state"] == "routed"
    assert len(bench.updates()) == 1


def test_cancelled_look_up_of_a_source_that_is_gone(bench, shop):
    """It is refused: an event that no ruleset knows would wait for ever."""
    shop.order("1", "503")
    (id,) = bench.receive("1").ids
    bench.work()
    (row,) = bench.look_ups()
    steer.cancel(bench.database, [row["id"]])
    text = PLAIN.replace("name: shop", "name: another").format(vambe=bench.sandbox.url)
    bench.ruleset = mapping.build({"rules.yaml": text}).usable()
    for again in (_retried, _replayed):
        (done,) = again(bench, row["id"])
        assert not done.ok and "its source is no longer configured" in done.message
    assert bench.event(id)["state"] == "routed"


def _rerouted(bench, id, *, rule="", named=True):
    asker = Asker("")
    router = Rerouter(
        bench.database, bench.ruleset, asker, rule=rule, force=False, named=named
    )
    return router.send(router.plan(id), By())


@pytest.mark.parametrize("dropped", [True, False])
@pytest.mark.parametrize("answer", ["503", "403"])
def test_rerouted_event_without_an_answer_is_looked_up(bench, shop, answer, dropped):
    """Its look-up may have failed or been cancelled: it begins anew, once, and is sent once."""
    shop.order("1", answer, 900)
    (id,) = bench.receive("1").ids
    bench.work()
    if dropped or answer == "503":
        steer.cancel(bench.database, [bench.look_ups()[0]["id"]])
    done = _rerouted(bench, id)
    assert done.ok and "a worker makes its look-up" in done.message
    early = _rerouted(bench, id)
    assert not early.ok and "has not been routed yet" in early.message
    bench.work()
    assert bench.amounts() == [900]
    assert [row["state"] for row in bench.look_ups()] == ["cancelled", "delivered"]
    assert "already done" in _rerouted(bench, id).message
    bench.work()
    assert bench.amounts() == [900]


def test_cancelled_look_up_is_not_made_again_by_a_filter(bench, shop):
    """What a person dropped comes back by name alone, and the message says how; a failed one comes back."""
    shop.order("1", "503", 100), shop.order("2", "403", 200)
    (dropped,), (failed,) = bench.receive("1").ids, bench.receive("2", id="2").ids
    bench.work()
    steer.cancel(bench.database, [bench.look_ups()[0]["id"]])
    said = _rerouted(bench, dropped, named=False)
    assert said.ok and f"`bridge reroute {dropped}` makes it again" in said.message
    assert _rerouted(bench, failed, named=False).ok
    bench.work()
    assert bench.amounts() == [200]


def test_rerouted_event_of_before_its_source_looked_things_up(bench, shop):
    """No rule took it then; now it is looked up, and meets the rules. With --rule it is refused: all are asked."""
    shop.order("1", 700)
    looks_up = bench.ruleset
    text = PLAIN.format(vambe=bench.sandbox.url + "/vambe")
    text = text.replace("events: [order]", "events: [other]")
    bench.ruleset = mapping.build({"rules.yaml": text}).usable()
    (id,) = bench.receive("1").ids
    bench.work()
    bench.ruleset = looks_up
    refused = _rerouted(bench, id, rule="order-sets-amount")
    assert not refused.ok and "drop --rule" in refused.message
    assert _rerouted(bench, id).ok
    bench.work()
    assert bench.amounts() == [700]


def test_rerouted_event_whose_updates_needed_no_look_up(bench, shop):
    """Beginning anew would send them again, so it is refused."""
    looks_up = bench.ruleset
    text = PLAIN.format(vambe=bench.sandbox.url + "/vambe")
    bench.ruleset = mapping.build({"rules.yaml": text}).usable()
    (id,) = bench.receive("1").ids
    bench.work()
    bench.ruleset = looks_up
    done = _rerouted(bench, id)
    assert not done.ok and "were made without a look-up" in done.message
    bench.work()
    assert bench.amounts() == [5] and shop.asked == []


def test_filter_that_names_the_event_looks_it_up_again(bench, shop):
    """`event:1` and `state:cancelled` mean the dropped look-up, other filters leave it alone."""
    shop.order("1", "503")
    (id,) = bench.receive("1").ids
    bench.work()
    (row,) = bench.look_ups()
    steer.cancel(bench.database, [row["id"]])

    def found(text):
        where = parse(text, "deliveries", datetime.now(UTC))
        return [*choosing.batches(bench.database, where, acts.retried(where))]

    assert found(f"event:{id}") == found("state:cancelled") == [[row["id"]]]
    assert found("source:shop") == found(f"-event:{id + 1}") == []


def test_look_up_is_not_replayed(bench, shop):
    """What was looked up is with its event: it is the updates that may be sent once more."""
    shop.order("1", 900)
    bench.receive("1")
    bench.work()
    (row,) = bench.look_ups()
    assert "look-up" in Replayer(bench.database).plan(row["id"]).problem
    (update,) = bench.updates()
    plan = Replayer(bench.database, rules=bench.ruleset).plan(update["id"])
    assert plan.problem == "" and plan.rendered.fields["amount"] == 900


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"<html>", "answer"),
        (b'"text"', "answer"),
        (b'{"a": 1, "a": 2}', "answer"),
        (b"[" + b"1," * (fetching.MAX_ANSWER // 2) + b"1]", "answer_size"),
    ],
)
def test_answer_that_cannot_be_used_is_a_dead_letter(bench, shop, said, code):
    """What is no JSON, or too long to keep, is never shown to the rules."""
    shop.order("1", said)
    bench.receive("1")
    for _ in range(fetching.UNREADABLE):
        bench.make_due()
        bench.work()
    (row,) = bench.deliveries()
    assert (row["state"], row["code"]) == ("dead", code)


def test_object_that_is_not_there_yet_is_asked_for_again(bench, shop):
    """A sender may tell of an object before its API shows it."""
    shop.order("1", "404", 900)
    bench.receive("1")
    bench.work()
    assert bench.amounts() == []
    bench.make_due()
    bench.work()
    assert bench.amounts() == [900]


TICKETS = """\
version: 1
source:
  name: shop
  provider: generic
  verify: {{ scheme: token, header: X-Token, secret: {{ env: SHOP_SECRET }} }}
  event: {{ type: body.type{id} }}
  fetch:
    target: {target}
    connection: {{ base_url: {sandbox}/{vendor} }}
    auth: {{ {auth}: {{ env: TICKETS_KEY }} }}
    fields: {{ {asked} }}
rules:
  - id: order-sets-amount
    target: vambe.update_amount
    connection: {{ base_url: {sandbox}/vambe }}
    auth: {{ api_key: {{ env: VAMBE_API_KEY }} }}
    fields: {{ contact_number: "+56912345678", amount: "{{{{ {told} | number }}}}" }}
"""


class TicketBench(ShopBench):
    """A bench whose source asks a pretend ticket system about its events."""

    def __init__(self, database, sandbox, **ticket):
        text = TICKETS.format(sandbox=sandbox.url, id=", id: body.id", **ticket)
        Bench.__init__(self, database, sandbox, text)


KAPTURE = {
    "target": "kapture.get_ticket",
    "vendor": "kapture",
    "auth": "basic_token",
    "asked": 'ticket_ids: "{{ event.order }}"',
    "told": "fetched[0].task_details.substatus",
}
GETFLY = {
    "target": "getfly.get_ticket",
    "vendor": "getfly",
    "auth": "api_key",
    "asked": 'ticket_code: "{{ event.order }}", fields: [ticket_title]',
    "told": "fetched.ticket_title",
}
TOLKY = {
    "target": "tolky.get_tickets",
    "vendor": "tolky",
    "auth": "bearer",
    "asked": 'ticketId: "{{ event.order }}"',
    "told": "fetched.data[0].level",
}


@pytest.mark.parametrize(
    ("ticket", "key"),
    [(KAPTURE, "sub_status"), (GETFLY, "ticket_title"), (TOLKY, "level")],
    ids=lambda one: one["target"] if isinstance(one, dict) else "",
)
def test_ticket_systems_are_asked(database, sandbox, shop, monkeypatch, ticket, key):
    """Over HTTP, with the vendor's own credential; the rules see the vendor's answer."""
    monkeypatch.setenv("TICKETS_KEY", DEFAULT_CREDENTIALS[ticket["vendor"]])
    bench = TicketBench(database, sandbox, **ticket)
    sandbox.put(ticket["vendor"], TICKET, **{key: "1500"})
    bench.receive(TICKET)
    bench.work()
    assert [row["state"] for row in bench.deliveries()] == ["delivered"] * 2
    assert bench.amounts() == [1500]
    assert [call.applied for call in sandbox.calls(ticket["vendor"])] == [False]


def test_ticket_that_is_not_there_yet_is_asked_for_again(
    database, sandbox, shop, monkeypatch
):
    """Also where the vendor says so inside a 200."""
    monkeypatch.setenv("TICKETS_KEY", DEFAULT_CREDENTIALS["kapture"])
    bench = TicketBench(database, sandbox, **KAPTURE)
    sandbox.know("kapture", "another")
    bench.receive("71")
    bench.work()
    (row,) = bench.look_ups()
    assert (row["state"], row["code"]) == ("waiting", "not_found")
    sandbox.put("kapture", "71", sub_status="900")
    bench.make_due()
    bench.work()
    assert bench.amounts() == [900]


def test_worker_that_vanishes_while_asking_asks_again(bench, shop):
    """Between the answer and its storing nothing is lost: the look-up is made once more."""
    shop.order("1", 900)
    bench.receive("1")
    Router(bench.database, Asker("")).route_waiting(bench.ruleset)
    taken = bench.lose()
    assert len(taken.items) == 1 and bench.amounts() == []
    assert bench.worker.keep_leases_once() == 1
    bench.make_due()
    bench.work()
    assert bench.amounts() == [900]


def test_other_sources_are_routed_while_a_look_up_is_made(bench, shop):
    """Queueing a look-up is all that the router's turn sees of it: it asks nobody."""
    (id,) = bench.receive("1").ids
    assert Router(bench.database, Asker("")).route_waiting(bench.ruleset) == 1
    assert shop.asked == [] and bench.event(id)["state"] == "fetching"
    assert Router(bench.database, Asker("")).route_waiting(bench.ruleset) == 0


def test_wrong_credentials_stop_look_ups_without_burning_them(bench, shop):
    """A 401 parks the connection of the look-up, as it does for updates."""
    for order in "12":
        shop.order(order, "401")
    bench.receive("1")
    bench.receive("2", id="2")
    bench.work()
    rows = bench.look_ups()
    assert [row["state"] for row in rows] == ["waiting", "waiting"]
    assert [row["attempts"] for row in rows] == [0, 0]
    shop.order("1", 4)
    shop.order("2", 5)
    assert steer.resume(bench.database, rows[0]["connection"])
    bench.work()
    assert sorted(bench.amounts()) == [4, 5]


def test_answer_is_used_again_only_as_long_as_cache_says(
    database, sandbox, shop, monkeypatch
):
    """Within `cache` the same question makes no call; after it, one."""
    bench = ShopBench(database, sandbox, shop, more="\n    cache: 30s")
    shop.order("1", 100, 200)
    for number in range(3):
        bench.receive("1", id=str(number))
    bench.work()
    assert len(shop.asked) == 1 and bench.amounts() == [100] * 3
    now = fetching.time.monotonic()
    monkeypatch.setattr(fetching.time, "monotonic", lambda: now + 31)
    answers = bench.worker._answers
    assert all(
        answers.reuse(item) is None for item in claimed_again(bench, shop, order="1")
    )


def claimed_again(bench, shop, order):
    bench.receive(order, id="again")
    Router(bench.database, Asker("")).route_waiting(bench.ruleset)
    now = datetime.now(UTC)
    taken = bench.database.write(
        lambda c: queue.claim(c, "me", now, timedelta(seconds=15), 9)
    )
    assert taken.items
    return taken.items


def test_same_thin_body_merges_only_until_it_is_asked_about(database, sandbox, shop):
    """Known by its hash alone, a body is a duplicate while its look-up has not begun, and a new event after that."""
    bench = ShopBench(database, sandbox, shop, id=", id: hash")
    shop.order("1", "503", 100, 200)
    first = bench.receive("1", id="")
    assert (first.new, bench.receive("1", id="").new) == (1, 0)
    Router(bench.database, Asker("")).route_waiting(bench.ruleset)
    assert bench.receive("1", id="").ids == first.ids
    bench.ask()
    second = bench.receive("1", id="")
    assert second.new == 1 and second.ids != first.ids
    bench.make_due()
    bench.work()
    assert bench.amounts() == [100, 200]


def test_answer_is_forgotten_with_its_request(bench, shop):
    """What was looked up is a person's data as much as the payload is."""
    shop.order("1", 900)
    (id,) = bench.receive("1").ids
    bench.work()
    keep = Keep(
        payloads=timedelta(days=1), events=timedelta(days=99), ledger=timedelta(days=99)
    )
    later = datetime.now(UTC) + timedelta(days=2)
    forget(bench.database, keep, later, lambda seconds: None)
    with bench.database.read() as connection:
        stored = events.load(connection, id)
    assert stored.pruned and stored.fetched is None


def test_event_that_waits_for_its_look_up_is_kept(bench, shop):
    """However old it is, and whatever became of the look-up itself: no rule has been asked about it yet."""
    shop.order("1", "503")
    (id,) = bench.receive("1").ids
    bench.work()
    bench.database.write(
        lambda c: c.exec_driver_sql(
            "UPDATE deliveries SET state = 'cancelled', finished_at = 1"
        )
    )
    day = timedelta(days=1)
    later = datetime.now(UTC) + timedelta(days=200)
    forget(
        bench.database,
        Keep(payloads=day, events=day, ledger=day),
        later,
        lambda seconds: None,
    )
    with bench.database.read() as connection:
        assert not events.load(connection, id).pruned
