"""`bridge retry` of what waits, and of look-ups that were cancelled: by id and by filter."""

import os
import pwd

from bench import TICKET, objects

ME = pwd.getpwuid(os.getuid()).pw_name
OTHER = "0f4f3a52-6b1d-4c0e-9a57-3d2b8e6c7f10"
FIVE = "0f4f3a52-6b1d-4c0e-9a57-3d2b8e6c7f15"


def waiting(bench, *events, ticket=TICKET):
    """Deliveries of which the first waits for its vendor to come back, for ten minutes."""
    asks = {"Retry-After": "600"}
    bench.sandbox.fault("vambe", status=500, headers=asks, count=1)
    for event in events:
        bench.paid(event, ticket)


def test_retry_sends_what_waits_now(terminal, bench):
    """Once its vendor is well, a person need not wait for the next attempt."""
    waiting(bench, "evt_1")
    bench.work()
    assert bench.states() == ["waiting"]
    result = terminal("retry", "1", "--reason", "it is back")
    assert (result.exit_code, result.stdout) == (0, f"1: retried by {ME}: it is back\n")
    bench.work()
    assert bench.states() == ["delivered"]
    (act,) = objects(terminal("audit", "--json"))
    assert (act["action"], act["reason"]) == ("retry", "it is back")


def test_one_behind_another_says_so(terminal, bench):
    """The front of its lane goes first, and the sentence names it with the command that hurries it."""
    waiting(bench, "evt_1", "evt_2")
    result = terminal("retry", "2")
    assert result.exit_code == 0
    assert "2: retried by" in result.stdout
    assert "delivery 1 is ahead in its lane and is waiting until" in result.stdout
    assert "(`bridge retry 1` sends it now)" in result.stdout
    bench.work()
    assert bench.states() == ["waiting", "waiting"]
    assert terminal("retry", "1").exit_code == 0
    bench.work()
    assert bench.states() == ["delivered", "delivered"]


def test_a_filter_takes_what_waits_and_what_is_dead(terminal, bench):
    """Both are counted before; a lane is sent from its front, whatever the filter found first."""
    waiting(bench, "evt_1", "evt_2")
    bench.sandbox.know("vambe", OTHER)
    bench.paid("evt_3", FIVE)
    assert bench.states() == ["waiting", "waiting", "dead"]
    asked = terminal("retry", "rule:paid*")
    assert asked.exit_code == 2
    assert (
        "3 deliveries: 2 waiting of rule paid-sets-amount, 1 dead of rule"
        in asked.stderr
    )
    bench.sandbox.know("vambe", TICKET, FIVE)
    done = terminal("retry", "rule:paid*", "--yes", "--json")
    assert [(row["id"], row["ok"]) for row in objects(done)] == [
        (1, True),
        (2, True),
        (3, True),
    ]
    assert "retry: 3 deliveries done" in done.stderr
    bench.work()
    assert bench.states() == ["delivered"] * 3


def test_what_stops_it_still_is_said(terminal, bench):
    """Due now is not sent now: a pause is named with what resumes it."""
    waiting(bench, "evt_1")
    assert terminal("pause", "--rule", "paid-sets-amount").exit_code == 0
    result = terminal("retry", "1")
    assert "waits: rule paid-sets-amount was paused by" in result.stdout
    assert "`bridge resume --rule paid-sets-amount`" in result.stdout


def test_what_cannot_be_retried_says_what_helps(terminal, bench):
    """A held one is released, a delivered or cancelled one replayed."""
    bench.held()
    assert (
        "held, not waiting or dead: `bridge release 1`" in terminal("retry", "1").stdout
    )
    terminal("cancel", "1")
    refused = terminal("retry", "1")
    assert refused.exit_code == 1
    assert "cancelled, not waiting or dead: `bridge replay 1`" in refused.stdout


def test_a_filter_leaves_alone_what_was_cancelled(terminal, bench):
    """A person dropped it; only a look-up of an event that is named is made again."""
    waiting(bench, "evt_1")
    terminal("cancel", "1")
    for words in ("rule:paid*", "state:cancelled", "event:1"):
        assert terminal("retry", words, "--yes").exit_code == 5
    assert bench.states() == ["cancelled"]


def test_resume_closes_a_breaker(terminal, bench):
    """Once its vendor is well a person need not wait for the probe; the audit trail says who did not."""
    tickets = [FIVE[:-1] + str(number) for number in range(6)]
    bench.sandbox.know("vambe", *tickets)
    bench.sandbox.fault("vambe", status=500, count=6)
    for number, ticket in enumerate(tickets):
        bench.paid(f"evt_{number}", ticket)
    assert bench.states() == ["waiting"] * 6
    (shown,) = objects(terminal("deliveries", "show", "1", "--json"))
    name = shown["connection"]
    assert f"(`bridge resume {name}` tries at once)" in shown["outlook"]
    (listed,) = objects(terminal("pause", "--json"))
    assert (listed["kind"], listed["by"]) == ("failing", "")
    assert listed["what"] == f"connection {name}"
    assert listed["resume"] == f"bridge resume {name}"
    assert "failed; next try at " in listed["reason"]
    bench.sandbox.reset()
    bench.sandbox.know("vambe", *tickets)
    result = terminal("resume", name, "--reason", "their status page is green")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"{name} resumed" in result.stderr
    assert terminal("pause").exit_code == 5
    bench.work()
    assert bench.states() == ["delivered"] * 6
    (act,) = objects(terminal("audit", "--json"))
    assert (act["action"], act["subject"]) == ("resume", {"connection": name})
    assert act["reason"] == "their status page is green"


def test_resume_of_what_is_well_says_so(terminal, bench):
    """Neither parked nor failing: exit code 5, nothing in the audit trail."""
    bench.paid()
    (row,) = objects(terminal("deliveries", "list", "--json"))
    result = terminal("resume", row["connection"])
    assert (result.exit_code, result.stdout) == (5, "")
    assert "is not parked or failing" in result.stderr
    assert terminal("audit").exit_code == 5


def test_one_that_its_vendor_wants_to_wait_says_how_to_hurry_it(terminal, bench):
    """Due now is not sent now while the vendor asked for a while without calls: the sentence has the command."""
    asks = {"Retry-After": "600"}
    bench.sandbox.fault("vambe", status=503, headers=asks, count=1)
    bench.paid()
    result = terminal("retry", "1")
    assert "asked for no calls before" in result.stdout
    (row,) = objects(terminal("deliveries", "list", "--json"))
    assert f"(`bridge resume {row['connection']}` tries at once)" in result.stdout
    bench.work()
    assert bench.states() == ["waiting"]
    assert terminal("resume", row["connection"]).exit_code == 0
    bench.work()
    assert bench.states() == ["delivered"]
