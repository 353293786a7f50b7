"""A finished delivery once more, who stopped what, and why a delivery will or will not be tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from running import MAPPING, NOW
from sqlalchemy import insert, update
from state_guard import by_hand
from working import accept, paid

from bridge import mapping
from bridge.model import Decision, Said
from bridge.services import choosing, filters, pausing, replay_runs, rulesets, steer
from bridge.services.outlook import outlook
from bridge.services.replay import STATES, Replayer
from bridge.services.requests import answer_lines, request_lines, written
from bridge.services.rerouting import Rerouter
from bridge.store import decisions, rerouted, specs, views
from bridge.store.audit import By
from bridge.store.pauses import Scope
from bridge.store.queue import connections
from bridge.store.tables import connections as connection_rows
from bridge.store.tables import deliveries, lane_marks
from bridge.worker.asking import Asker
from bridge.worker.routing import Router

ANA = By(person="ana", reason="a test")
TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


class Store:
    """A store with routed events, whose deliveries are moved by hand."""

    def __init__(self, database):
        self.database = database
        self.use(MAPPING)

    def use(self, text):
        """Puts a mapping file in force."""
        self.ruleset = mapping.build({"rules.yaml": text}).usable()
        rulesets.activate(self.database, self.ruleset)

    def paid(self, id, ticket=TICKET):
        """An invoice.paid, routed; the ids of the deliveries that it made."""
        before = self.newest()
        self.database.write(
            lambda c: accept(c, self.ruleset, "stripe", paid(id, ticket=ticket), at=NOW)
        )
        Router(self.database, Asker("")).route_waiting(self.ruleset)
        (made,) = range(before + 1, self.newest() + 1)
        return made

    def newest(self):
        return max((row["id"] for row in self.rows()), default=0)

    def rows(self):
        with self.database.read() as connection:
            return views.list_deliveries(connection)

    def row(self, id):
        with self.database.read() as connection:
            return views.delivery(connection, id)

    def outcome(self, event):
        with self.database.read() as connection:
            return views.event(connection, event)["outcome"]

    def set(self, id, **values):
        """Changes a delivery's row."""
        statement = update(deliveries).where(deliveries.c.id == id)
        by_hand(self.database, lambda c: c.execute(statement.values(**values)))

    def identity(self, id):
        """Tenant and account of a delivery."""
        with self.database.read() as connection:
            return specs.of(connection, id).identity

    def said(self, id):
        """What comes next for a delivery."""
        return outlook(self.database, self.row(id), datetime.now(UTC))


@pytest.fixture
def store(sqlite):
    return Store(sqlite)


def replay(store, *ids, **options):
    replayer = Replayer(store.database, **options)
    return [replayer.send(replayer.plan(id), ANA) for id in ids]


def test_a_replay_is_not_swallowed_by_the_idempotency_key(store):
    """R-13: after success the same request goes out again, as a delivery with a key of its own."""
    old = store.paid("evt_1")
    store.set(old, state="delivered")
    (done,) = replay(store, old)
    assert done.ok and done.message == f"replayed as delivery {old + 1} by ana: a test"
    new = store.row(old + 1)
    assert (new["state"], new["call"]) == ("waiting", store.row(old)["call"])
    assert new["idempotency_key"] != store.row(old)["idempotency_key"]
    assert replay(store, old)[0].ok
    again = {row["id"]: row["state"] for row in store.rows()}
    assert again == {old: "delivered", old + 1: "waiting", old + 2: "waiting"}


def test_routed_again_it_is_not_swallowed_either(store):
    """R-13 with the current rules: the rule's key is made new, too."""
    old = store.paid("evt_1")
    store.set(old, state="delivered")
    (done,) = replay(store, old, rules=store.ruleset)
    assert done.ok
    new = store.row(old + 1)
    assert (new["state"], new["code"], new["replay_of"]) == ("waiting", "", old)
    assert new["person"] == "ana"


def test_the_rules_of_now_show_what_differs(store):
    """Fields, and where they go, before and after."""
    old = store.paid("evt_1")
    store.set(old, state="delivered")
    text = MAPPING.replace("{{ inv.currency | upper }}", "USD")
    store.use(
        text.replace("target: vambe", "connection: { country: CL }\n    target: vambe")
    )
    plan = Replayer(store.database, rules=store.ruleset).plan(old)
    changes = {change.name: (change.before, change.after) for change in plan.changes}
    assert changes.pop("currency") == ("CLP", "USD")
    assert [*changes] == ["connection"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("events: [invoice.paid]", "events: [x]", "no_match, event type invoice.paid"),
        (
            "id: paid-sets-amount",
            "id: another",
            "rule 'paid-sets-amount' no longer exists",
        ),
        ("inv.metadata.vambe_ticket_id | uuid", "inv.id | uuid", "error, "),
        (
            "name: stripe",
            "name: other, provider: stripe",
            "source is no longer configured",
        ),
        ("    let:", "    mode: off\n    let:", "skipped, mode is off"),
    ],
)
def test_where_the_rules_of_now_send_nothing(store, old, new, words):
    """The sentence says what the rule said."""
    id = store.paid("evt_1")
    store.set(id, state="delivered")
    assert old in MAPPING
    store.use(MAPPING.replace(old, new, 1))
    (done,) = replay(store, id, rules=store.ruleset)
    assert not done.ok and done.message.startswith("not replayed: ")
    assert words in done.message
    assert len(store.rows()) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "waiting"}, "it is waiting, so it has not finished yet"),
        ({"state": "held"}, "it is held"),
        ({"state": "shadow"}, "its rule was in mode shadow"),
        (
            {"state": "delivered", "call": None},
            "was deleted after the retention period",
        ),
        (
            {"state": "dead", "call": None, "operation": ""},
            "use `bridge retry 1` to route it again",
        ),
    ],
)
def test_what_is_not_replayed(store, values, words):
    """What is under way, was never meant to be sent, or has no request any more."""
    id = store.paid("evt_1")
    store.set(id, **values)
    (done,) = replay(store, id)
    assert not done.ok and words in done.message
    assert len(store.rows()) == 1


def test_what_is_older_than_what_was_delivered_needs_force(store):
    """A replay must not put an old value over a newer one unless that is meant; then stale: skip does not stop it."""
    id = store.paid("evt_1")
    store.set(id, state="delivered", stale="skip")
    row = store.row(id)
    mark = {"lane": row["lane"], "rule": row["rule"], "at": row["at"]}
    store.database.write(lambda c: c.execute(insert(lane_marks), mark))
    assert replay(store, id)[0].ok  # it is the newest itself
    newer = update(lane_marks).values(at=row["at"] + timedelta(seconds=1))
    store.database.write(lambda c: c.execute(newer))
    for rules in (None, store.ruleset):
        (refused,) = replay(store, id, rules=rules)
        assert not refused.ok and "add --force" in refused.message
    (forced,) = replay(store, id, force=True)
    assert forced.ok
    with store.database.read() as connection:
        new = store.newest()
        query = deliveries.select().where(deliveries.c.id == new)
        assert connection.execute(query).one().stale == "send"


def test_a_dead_letter_ends_where_its_replay_begins(store):
    """It is not counted any more: its replay took its place."""
    id = store.paid("evt_1")
    store.set(id, state="dead")
    assert replay(store, id)[0].ok
    row = store.row(id)
    assert (row["state"], row["reason"]) == (
        "cancelled",
        "replayed as delivery 2 by ana: a test",
    )


def test_two_people_do_not_replay_the_same_dead_letter(store):
    """What somebody else moved between plan and sending is left alone."""
    id = store.paid("evt_1")
    store.set(id, state="dead")
    replayer = Replayer(store.database)
    plan = replayer.plan(id)
    assert replay(store, id)[0].ok
    assert "it changed meanwhile" in replayer.send(plan, ANA).message
    assert len(store.rows()) == 2


def test_replays_of_a_filter_end(store):
    """The replays that are delivered while the first ones are replayed are not replayed themselves."""
    for number in range(3):
        store.set(store.paid(f"evt_{number}"), state="delivered")
    replayed = []
    for ids in choosing.batches(store.database, (), STATES, 1):
        assert len(replayed) < 10, "it does not end"
        replayed += ids
        assert replay(store, *ids)[0].ok
        store.set(store.newest(), state="delivered")
    assert replayed == [1, 2, 3]


def test_an_interrupted_run_goes_on_where_it_was(store):
    """Nothing is sent twice by one run, its own replays included, and it means what it meant when it began."""
    for number in range(4):
        store.set(store.paid(f"evt_{number}"), state="delivered")
    draft = replay_runs.draft(
        store.database, "state:delivered", current=False, force=True
    )
    run = replay_runs.begin(store.database, draft, ANA)
    first, second, *_ = replay_runs.left(store.database, run)
    for ids in (first, second):
        assert replay(store, *ids, run=run.id)[0].ok
    assert replay(store, 4)[0].ok  # somebody else's
    store.set(store.newest(), state="delivered")
    again = replay_runs.load(store.database, run.id)
    assert again == run
    left = replay_runs.left(store.database, again)
    assert [replay(store, *ids, run=run.id)[0].id for ids in left] == [3, 4]
    assert list(replay_runs.left(store.database, again)) == []
    assert len(store.rows()) == 9


def test_a_run_that_two_people_go_on_with_sends_once(store):
    """What one of them has done the other leaves alone, although both read it as left."""
    store.set(store.paid("evt_1"), state="delivered")
    run = replay_runs.begin(
        store.database,
        replay_runs.draft(store.database, "", current=False, force=False),
        ANA,
    )
    assert replay(store, 1, run=run.id)[0].ok
    (done,) = replay(store, 1, run=run.id)
    assert not done.ok and len(store.rows()) == 2


def test_a_run_is_one_of_a_filter(store):
    """The number of another act says how to find the right one."""
    store.set(store.paid("evt_1"), state="dead")
    steer.retry(store.database, [1], store.ruleset, "", ANA)
    for id in (1, 99):
        with pytest.raises(replay_runs.NoSuchRun, match="not a replay of a filter"):
            replay_runs.load(store.database, id)


def test_a_retry_says_who_it_was(store):
    """In the audit trail and on the delivery, in one transaction with the retry."""
    id = store.paid("evt_1")
    store.set(id, state="dead")
    (done,) = steer.retry(store.database, [id], store.ruleset, "", ANA)
    assert (done.ok, done.message) == (True, "retried by ana: a test")
    assert (store.row(id)["person"], store.row(id)["because"]) == ("ana", "a test")


def test_an_id_named_twice_is_one_act(store):
    """The second mention changes and says nothing more."""
    id = store.paid("evt_1")
    done = steer.cancel(store.database, [id, id, 99], ANA)
    assert [(item.id, item.ok) for item in done] == [(id, True), (99, False)]


def test_why_it_waits(store):
    """Everything that keeps a delivery, each with what helps; then when it is due."""
    first, second = store.paid("evt_1"), store.paid("evt_2")
    assert store.said(first) == "is due now, for attempt 1"
    assert (
        store.said(second)
        == f"waits: delivery {first} is ahead in its lane and is waiting"
    )
    later = datetime.now(UTC) + timedelta(hours=1)
    store.set(first, due_at=later, attempts=2)
    assert store.said(first) == f"waits: attempt 3 is at {later:%Y-%m-%d %H:%M:%S}Z"
    pausing.pause(store.database, Scope(rule="paid-sets-amount"), ANA)
    name = store.row(first)["connection"]
    _, account = store.identity(first)
    store.database.write(lambda c: connections.park(c, account, "401", NOW, name))
    said = store.said(second)
    assert "rule paid-sets-amount was paused by ana at " in said
    assert " because a test (`bridge resume --rule paid-sets-amount`); " in said
    assert (
        f"connection {name} has been parked since 2026-11-22 12:00:00Z because 401"
        in said
    )
    store.use(MAPPING.replace("    let:", "    mode: off\n    let:", 1))
    assert "; rule paid-sets-amount is in mode off; " in store.said(second)


def test_an_open_breaker_is_said_with_its_probe(store):
    """Since when a connection fails, and when the next call is tried."""
    id = store.paid("evt_1")
    name = store.row(id)["connection"]
    tenant, _ = store.identity(id)
    row = {"name": tenant, "state": "open", "reason": "", "since": NOW}
    row |= {"broken_at": NOW, "probe_at": NOW + timedelta(seconds=10)}
    store.database.write(lambda c: c.execute(insert(connection_rows), row))
    assert store.said(id) == (
        f"waits: {name} has been failing since 2026-11-22 12:00:00Z,"
        " the next call is at 2026-11-22 12:00:10Z"
        f" (`bridge resume {name}` tries at once)"
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("sending", "is being sent; if its worker stopped"),
        (
            "held",
            "waits for a person: R: check the ticket, then send it with `bridge release 1`",
        ),
        ("dead", "will not be retried automatically: R: fix the cause"),
        ("delivered", "is done; `bridge replay 1` would send it again"),
        ("cancelled", "was cancelled and will not be sent: R"),
        ("skipped", "was skipped and will not be sent: R"),
        ("shadow", "is never sent, because its rule was in mode shadow"),
    ],
)
def test_what_comes_next_in_every_other_state(store, state, words):
    """One sentence, with the command that helps."""
    id = store.paid("evt_1")
    store.set(id, state=state, reason="R")
    assert store.said(id).startswith(words)


def test_a_request_is_shown_as_it_is_sent(store):
    """Method, path with query, headers, and JSON with a line for each value."""
    row = store.row(store.paid("evt_1"))
    call = {**row["call"], "query": [["q", "a b"]], "headers": [["X-A", "1"]]}
    body = b'{"a":1.5,"b":[],"c":[{"d":"e"}]}'
    lines = [*request_lines({**row, "call": call, "body": body})]
    assert lines[:3] == ["POST /api/public/ticket/amount?q=a%20b", "X-A: 1", ""]
    assert "\n".join(lines[3:]) == (
        '{\n  "a": 1.5,\n  "b": [],\n  "c": [\n    {\n      "d": "e"\n    }\n  ]\n}'
    )
    assert [*request_lines({**row, "call": None})] == []
    assert written(b"a=1&b=\xff") == "a=1&b=\\xff"


def test_a_key_that_the_vendor_knows_is_part_of_the_request(store):
    """The idempotency header is shown as the worker sends it."""
    row = {**store.row(store.paid("evt_1")), "operation": "http.request"}
    assert any("Idempotency-Key" in line for line in request_lines(row))


def test_a_long_answer_is_cut(store):
    """The rest is counted, and no answer has no lines."""
    assert [*answer_lines(b"x" * 2_003)][-1].startswith("… 3 more characters")
    assert [*answer_lines(None)] == []


def test_a_rule_in_mode_shadow_replays_nothing(store):
    """It would send nothing, and the dead letter would be out of sight."""
    id = store.paid("evt_1")
    store.set(id, state="dead")
    store.use(MAPPING.replace("    let:", "    mode: shadow\n    let:", 1))
    (done,) = replay(store, id, rules=store.ruleset)
    assert not done.ok and "mode shadow" in done.message
    assert [row["state"] for row in store.rows()] == ["dead"]


def test_what_was_forgotten_since_the_plan_is_not_sent(store):
    """A delivery without a request would stop every claim."""
    id = store.paid("evt_1")
    store.set(id, state="delivered")
    replayer = Replayer(store.database)
    plan = replayer.plan(id)
    store.set(id, call=None, body=None, fields=None)
    assert "it changed meanwhile" in replayer.send(plan, ANA).message
    assert len(store.rows()) == 1
    assert (
        store.said(id)
        == "is done; its request was deleted after the retention period, or erased"
    )


BROKEN = MAPPING.replace("inv.metadata.vambe_ticket_id | uuid", "inv.id | uuid")


def test_a_rule_error_is_retried_not_replayed(store):
    """It has no request that could differ; the sentence names the command, also with the current rules."""
    store.use(BROKEN)
    id = store.paid("evt_1")
    for rules in (None, store.ruleset):
        (done,) = replay(store, id, rules=rules)
        assert (
            not done.ok and f"use `bridge retry {id}` to route it again" in done.message
        )


def test_the_outcome_of_an_event_is_that_of_its_rules_last_words(store):
    """Once the rule that failed was put right, no list of failed events shows it; its error stays in the history."""
    store.use(BROKEN)
    id = store.paid("evt_1")
    event = store.row(id)["event"]
    outcomes = [store.outcome(event)]
    for text in (BROKEN, MAPPING):
        store.use(text)
        steer.retry(store.database, [store.newest()], store.ruleset, "", ANA)
        outcomes.append(store.outcome(event))
    assert outcomes == ["error", "error", "matched"]


def test_an_event_that_no_rule_could_be_asked_about_is_so_until_one_was(store):
    """What was said of the event as a whole is over with the first rule's word."""
    id = store.paid("evt_1")
    event = store.row(id)["event"]

    def said(rule, said):
        decision = Decision(rule=rule, said=said, reason="because", place="a.yaml:1")
        store.database.write(lambda c: decisions.revise(c, event, [decision], NOW))
        return store.outcome(event)

    assert said("", Said.ERROR) == "error"
    assert said("paid-sets-amount", Said.SKIPPED) == "skipped"
    assert said("other", Said.MATCHED) == "matched"


def test_a_rule_error_of_a_rule_in_mode_off_stays_in_sight(store):
    """Nothing would be sent: a dead letter that a retry took away would be forgotten."""
    store.use(BROKEN)
    id = store.paid("evt_1")
    assert store.row(id)["state"] == "dead"
    store.use(MAPPING.replace("    let:", "    mode: off\n    let:", 1))
    (done,) = steer.retry(store.database, [id], store.ruleset, "", ANA)
    assert not done.ok and done.message.startswith("not retried: paid-sets-amount: ")
    assert store.row(id)["state"] == "dead"
    store.use(MAPPING)
    assert steer.retry(store.database, [id], store.ruleset, "", ANA)[0].ok


def test_what_comes_while_a_person_is_asked_is_not_touched(store):
    """The yes is to what was counted, not to what came since."""
    first = store.paid("evt_1")
    found = choosing.batches(store.database, (), ("waiting",))
    store.paid("evt_2")
    assert [*found] == [[first]]


@pytest.fixture
def anywhere(database):
    """The same on each database."""
    return Store(database)


def rerouter(anywhere, **options):
    asked = {"rule": "", "force": False, **options}
    return Rerouter(anywhere.database, anywhere.ruleset, Asker(""), **asked)


def test_rerouting_adds_what_is_new_alone(anywhere):
    """On both databases: a rule that failed gives its place up, what was made stays, and two people add it once."""
    dead = anywhere.paid("evt_1", ticket="no uuid")
    made = anywhere.paid("evt_2")
    anywhere.use(MAPPING.replace('"{{ inv.metadata.vambe_ticket_id | uuid }}"', TICKET))
    router = rerouter(anywhere)
    first, second = router.plan(1), router.plan(1)
    assert [one.said for one in (first, router.plan(2))][1] == ()
    assert router.send(first, ANA).ok
    assert not router.send(second, ANA).ok
    states = {row["id"]: row["state"] for row in anywhere.rows()}
    assert states == {dead: "cancelled", made: "waiting", made + 1: "waiting"}


def test_rerouting_finds_its_events_in_pieces(anywhere):
    """A filter's events come oldest first, each once, up to the newest of the beginning."""
    for number in range(5):
        anywhere.paid(f"evt_{number}")
    where = filters.parse("outcome:matched", "events", NOW)
    with anywhere.database.read() as connection:
        assert rerouted.count(connection, where) == 5
        first = rerouted.matching(connection, where, after=0, through=4, limit=3)
        rest = rerouted.matching(connection, where, after=3, through=4, limit=3)
    assert (first, rest) == ([1, 2, 3], [4])
