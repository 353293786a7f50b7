"""`bridge reroute`: events meet the current rules, and what was done for them before is not done again."""

import pytest
from bench import TICKET, objects
from running import MAPPING, stripe_event

from bridge import mapping
from bridge.store import views

NEW = """\
  - id: customers-are-noted
    events: [customer.created]
    target: vambe.update_amount
    connection: { base_url: https://vambe.example }
    auth: { api_key: { env: VAMBE_API_KEY } }
    fields: { ticket_id: %s, amount: 7 }
"""


@pytest.fixture
def put(terminal, bench, tmp_path):
    """Other rules are in force from now on."""

    def put(text):
        (tmp_path / "mappings" / "rules.yaml").write_text(text)
        result = terminal("check", "--activate")
        assert result.exit_code == 0, result.output

    return put


def with_rule(text=MAPPING):
    head, mark, rest = text.partition("rules:\n")
    return f"{head}{mark}{NEW % TICKET}{rest}"


def customer(bench, id):
    """An event that no rule took."""
    number = bench.receive(stripe_event("customer.created__usual.http", id=id))
    bench.work()
    return number


def test_an_event_meets_a_rule_that_came_later(terminal, bench, put):
    """What no rule took is sent once the rule is there, and a second time nothing is new."""
    customer(bench, "evt_1")
    assert "customers-are-noted" not in terminal("why", "1").stdout
    put(with_rule())
    result = terminal("reroute", "1", "--reason", "rule was missing")
    assert result.exit_code == 0, result.output
    assert "customers-are-noted calls vambe.update_amount" in result.stdout
    assert bench.states() == ["waiting"]
    again = terminal("reroute", "1")
    assert again.exit_code == 0 and "nothing new: " in again.stdout
    assert bench.states() == ["waiting"]
    assert "reroute" in terminal("audit").stdout


def test_what_was_delivered_is_not_sent_again(terminal, bench, put):
    """Neither by its own rule nor by the same rule under another name."""
    bench.paid("evt_1")
    assert bench.states() == ["delivered"]
    assert "nothing new" in terminal("reroute", "1").stdout
    put(MAPPING.replace("id: paid-sets-amount", "id: another-name"))
    assert "nothing new" in terminal("reroute", "1").stdout
    assert bench.states() == ["delivered"]


def test_a_rule_that_failed_takes_the_place_of_its_dead_letter(terminal, bench, put):
    """After the mapping file was put right there is one delivery to send, and no dead letter any more."""
    bench.paid("evt_1", ticket="no uuid")
    assert bench.states() == ["dead"]
    assert "failed, " in terminal("reroute", "1").stdout
    put(MAPPING.replace('"{{ inv.metadata.vambe_ticket_id | uuid }}"', TICKET))
    assert terminal("reroute", "1").exit_code == 0
    assert bench.states() == ["cancelled", "waiting"]


def test_a_failed_rule_that_was_renamed_leaves_no_dead_letter(terminal, bench, put):
    """retry says where to go on, and what the new name makes takes the place of the old one's failure."""
    bench.paid("evt_1", ticket="no uuid")
    text = MAPPING.replace('"{{ inv.metadata.vambe_ticket_id | uuid }}"', TICKET)
    put(text.replace("id: paid-sets-amount", "id: another-name"))
    said = terminal("retry", "1").stdout
    assert "rule 'paid-sets-amount' no longer exists: `bridge reroute 1`" in said
    assert terminal("reroute", "1").exit_code == 0
    assert bench.states() == ["cancelled", "waiting"]


def test_a_cancelled_delivery_stays_cancelled(terminal, bench):
    """What a person dropped does not come back unasked."""
    bench.held()
    number = len(bench.states())
    assert terminal("cancel", number).exit_code == 0
    assert "nothing new" in terminal("reroute", "1").stdout
    assert bench.states()[-1] == "cancelled"


@pytest.mark.parametrize("name", ["failed-adds-comment", "another-name"])
def test_a_cancelled_delivery_comes_back_by_name(terminal, bench, put, name):
    """The event and the rule are named, also where the rule has another name by now; the message says so before."""
    bench.held()
    assert bench.states() == ["held"] and terminal("cancel", "1").exit_code == 0
    put(MAPPING.replace("id: failed-adds-comment", f"id: {name}"))
    said = terminal("reroute", "1").stdout
    command = f"bridge reroute 1 --rule {name}"
    assert f"was cancelled as delivery 1: `{command}` makes it again" in said
    by_filter = terminal("reroute", "event:1", "--rule", name, "--yes")
    assert "nothing new" in by_filter.stdout and bench.states() == ["cancelled"]
    assert terminal(*command.split()[1:]).exit_code == 0
    assert bench.states() == ["cancelled", "waiting"]
    assert "already done" in terminal(*command.split()[1:]).stdout


def test_an_event_is_named_by_its_sender_s_id_too(terminal, bench, put):
    """An id is exact, so nothing is asked."""
    customer(bench, "evt_1"), customer(bench, "evt_2")
    put(with_rule())
    result = terminal("reroute", "evt_2", "evt_1")
    assert result.exit_code == 0, result.output
    assert bench.states() == ["waiting"] * 2


def test_a_filter_is_counted_and_agreed_to(terminal, bench, put):
    """A filter says how many events it is about, wants --yes, and touches each once."""
    for number in range(3):
        customer(bench, f"evt_{number}")
    put(with_rule())
    asked = terminal("reroute", "outcome:no_match")
    assert asked.exit_code == 2 and "3 events" in asked.stderr
    shown = terminal("reroute", "outcome:no_match", "--dry-run")
    assert shown.stdout.count("would be rerouted") == 3
    assert bench.states() == []
    done = terminal("reroute", "outcome:no_match", "--yes", "--json")
    assert [row["ok"] for row in objects(done)] == [True] * 3
    assert "reroute: 3 events done" in done.stderr
    assert bench.states() == ["waiting"] * 3
    assert terminal("reroute", "outcome:no_match", "--yes").exit_code == 5


def test_one_rule_alone(terminal, bench, put):
    """--rule leaves the others out; one that is not there is said."""
    customer(bench, "evt_1")
    put(with_rule())
    assert (
        "nothing new" in terminal("reroute", "1", "--rule", "paid-sets-amount").stdout
    )
    wrong = terminal("reroute", "1", "--rule", "no-such")
    assert wrong.exit_code == 1 and "has no rule 'no-such'" in wrong.stdout
    assert terminal("reroute", "1", "--rule", "customers-are-noted").exit_code == 0
    assert bench.states() == ["waiting"]


def test_what_is_out_of_date_is_left(terminal, bench, put):
    """An older update is not put over a newer one of its rule and ticket, unless that is meant."""
    old = stripe_event("customer.created__usual.http", id="evt_1")
    number = bench.receive({**old, "created": old["created"] - 100})
    bench.work()
    put(with_rule())
    bench.ruleset = mapping.build({"rules.yaml": with_rule()}, {}).usable()
    customer(bench, "evt_2")
    assert bench.states() == ["delivered"]
    assert "a newer update" in terminal("reroute", number).stdout
    assert terminal("reroute", number, "--force").exit_code == 0
    assert bench.states() == ["delivered", "waiting"]


@pytest.mark.parametrize(
    ("id", "said"), [(1, "has not been routed yet"), (7, "there is no event 7")]
)
def test_what_cannot_be_rerouted_is_said(terminal, bench, put, id, said):
    """An event that waits for its first routing, and one that is not there."""
    bench.receive(stripe_event("invoice.paid__clp.http", id="evt_1"))
    result = terminal("reroute", id)
    assert result.exit_code == 1 and said in result.stdout


def test_a_source_that_is_gone(terminal, bench, put):
    """An event whose source is not declared any more is left alone, with the reason."""
    bench.paid("evt_1")
    put(MAPPING.replace("name: stripe", "name: other, provider: stripe"))
    result = terminal("reroute", "1")
    assert result.exit_code == 1 and "no longer configured" in result.stdout


def test_why_shows_what_a_later_routing_said(terminal, bench, put):
    """The decision of now stands in `why`, with the delivery that came of it."""
    customer(bench, "evt_1")
    put(with_rule())
    terminal("reroute", "1")
    said = terminal("why", "evt_1").stdout
    assert "matched   customers-are-noted" in said and "delivery 1 to" in said
    with bench.database.read() as connection:
        assert views.event(connection, 1)["outcome"] == "matched"
