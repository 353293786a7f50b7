"""Backtests: what a draft of the rules would have changed over stored events, without writing or sending."""

import pytest
from running import MAPPING
from sqlalchemy import select, update
from working import TICKET, Bench, failed, paid

from bridge import mapping
from bridge.services import backtest, backtest_report
from bridge.services.backtest import Backtest
from bridge.services.comparing import KINDS
from bridge.store.filtering import Condition
from bridge.store.tables import deliveries, events, payloads

AMOUNT = "{{ inv.amount_paid | from_minor(inv.currency) }}"
CENTS = MAPPING.replace(AMOUNT, "{{ inv.amount_paid | from_minor('USD') }}")


@pytest.fixture
def bench(sqlite, sandbox):
    return Bench(sqlite, sandbox)


@pytest.fixture
def lived(bench):
    """Three events that were worked through: two paid invoices and a failed payment of two tickets."""
    for event in (paid("evt_1"), paid("evt_2", amount=7), failed("evt_3", "1,2")):
        bench.receive(event)
    bench.work()
    return bench


def backtested(bench, text, where=(), **options):
    """The result of a draft."""
    draft = mapping.build({"rules.yaml": text}).usable()
    run = Backtest(bench.database, draft, where, **options)
    for _ in run.run():
        pass
    return backtest_report.result(run.report, {})


def counts(found):
    return {kind: number for kind, number in found["updates"].items() if number}


def dump(bench):
    with bench.database.read() as tx:
        return [
            tx.execute(select(table).order_by(table.c.id)).all()
            for table in (events, deliveries, payloads)
        ]


def test_both_databases_give_the_same_result(database, sandbox):
    """The whole way: three events, a filter, a sample, a draft."""
    bench = Bench(database, sandbox)
    for event in (paid("evt_1"), paid("evt_2", amount=7), failed("evt_3", "1,2")):
        bench.receive(event)
    bench.work()
    where = [Condition(key="type", value="invoice.paid")]
    found = backtested(bench, CENTS, where, sample=100)
    assert counts(found) == {"changed": 2} and found["events"]["found"] == 2
    assert not found["events"]["sampled"]
    assert backtested(bench, CENTS, sample=1)["events"]["sampled"]


def test_the_same_rules_change_nothing(lived):
    """A draft that equals the rules of then differs in nothing, and a backtest leaves the store as it was."""
    before = dump(lived)
    found = backtested(lived, MAPPING)
    assert counts(found) == {} and not backtest_report.changed(found)
    assert found["events"]["compared"] == found["events"]["same"] == 3
    assert dump(lived) == before


def test_a_changed_field_is_told_with_both_values(lived):
    """By rule and field, with the events behind the count."""
    found = backtested(lived, CENTS)
    assert counts(found) == {"changed": 2}
    (rule,) = found["rules"]
    assert rule["rule"] == "paid-sets-amount" and rule["fields"] == {"amount": 2}
    one = rule["examples"][0]
    assert (one["event"], one["ticket"]) == (1, TICKET)
    assert one["changes"] == [{"name": "amount", "before": 150000, "after": 1500}]


def test_new_and_lost_updates_are_told(lived):
    """Of a condition that holds for fewer events, and of a list that gives more items."""
    text = MAPPING.replace(
        "    target: vambe.update_amount",
        "    when: inv.amount_paid > 100\n    target: vambe.update_amount",
    ).replace("| split(',')", "| replace('2', '2,3') | split(',')")
    found = backtested(lived, text)
    assert counts(found) == {"lost": 1, "new": 1}


def test_a_renamed_rule_changes_nothing(lived):
    """The same update by another name is the same update."""
    found = backtested(lived, MAPPING.replace("id: paid-sets", "id: invoice-sets"))
    assert counts(found) == {}


def test_an_error_is_told_once_with_its_reason(lived):
    """A rule that fails now is an error and not also a lost update; one that always failed is no difference."""
    text = MAPPING.replace("inv.metadata.vambe_ticket_id", "inv.metadata.ticket")
    found = backtested(lived, text)
    assert counts(found) == {"error": 2}
    assert "ticket" in found["rules"][0]["examples"][0]["reason"]
    lived.receive(paid("evt_4", ticket="no uuid"))
    lived.work()
    assert backtested(lived, MAPPING)["updates"] == dict.fromkeys(KINDS, 0)


def test_a_source_that_is_gone_loses_its_updates(lived):
    """Every update of its events is lost, four here."""
    found = backtested(
        lived, MAPPING.replace("name: stripe,", "name: other, provider: stripe,")
    )
    assert counts(found) == {"lost": 4}


def test_the_current_rules_can_be_the_other_side(lived):
    """Then an earlier change of the rules is not part of the result."""
    active = mapping.build({"rules.yaml": CENTS}).usable()
    assert counts(backtested(lived, CENTS, current=active)) == {}
    found = backtested(lived, MAPPING, current=active)
    assert found["against"] == active.hash and counts(found) == {"changed": 2}


def test_what_cannot_be_compared_is_counted(lived):
    """Deleted payloads, events that were not routed, and look-ups without a stored answer."""
    lived.database.write(
        lambda tx: tx.execute(
            update(payloads)
            .where(payloads.c.id == 1)
            .values(body=b"", headers={}, target="", pruned_at=payloads.c.received_at)
        )
    )
    lived.receive(paid("evt_9"))
    found = backtested(lived, MAPPING)
    assert found["events"]["left_out"] == {backtest.GONE: 1, backtest.UNROUTED: 1}
    assert found["events"]["compared"] == 2
    assert any("payload deleted" in said for said in backtest_report.coverage(found))


def test_a_filter_and_a_sample_limit_what_is_looked_at(lived):
    """A sample says that it is one; the same sample is taken each time."""
    where = [Condition(key="type", value="invoice.paid")]
    assert backtested(lived, MAPPING, where)["events"]["found"] == 2
    found = backtested(lived, MAPPING, sample=1)
    assert found["events"]["sampled"] and found["events"]["looked_at"] < 3
    assert found == backtested(lived, MAPPING, sample=1)
    assert any("A sample" in said for said in backtest_report.coverage(found))


def test_a_run_that_is_stopped_says_so(lived, monkeypatch):
    """What was compared until then is the result, and it is not called complete."""
    monkeypatch.setattr(backtest, "BATCH", 1)
    run = Backtest(lived.database, lived.ruleset, ())
    next(run.run())
    found = backtest_report.result(run.report, {})
    assert found["events"]["looked_at"] == 1 and not found["complete"]
    assert any("Stopped early" in said for said in backtest_report.coverage(found))


def test_few_examples_are_kept_and_long_values_are_cut(bench):
    """However many events differ, and however much they hold."""
    for number in range(8):
        bench.receive(paid(f"evt_{number}"))
    bench.work()
    found = backtested(bench, CENTS)
    (rule,) = found["rules"]
    assert rule["updates"]["changed"] == 8
    assert len(rule["examples"]) == backtest.EXAMPLES
    assert len(backtest._short("x" * 10_000)) < 300


def test_markdown_holds_what_a_sender_wrote_as_text(lived):
    """A ticket or a value cannot end a cell of a table, nor make HTML or a link."""
    hostile = "<img src=x>|[a](javascript:1)"
    cell = backtest_report._cell(hostile)
    assert "<" not in cell and "\\|" in cell and "\\[" in cell
    found = backtested(lived, CENTS)
    lines = [*backtest_report.markdown(found)]
    assert lines[0] == "**Backtest:** 3 events: 2 changed"
    assert any(line.startswith("| paid-sets-amount | 2 | 0 |") for line in lines)
