"""The sample mapping files: clean, passing their own tests, and safe with any payload."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping import load, route, run_cases
from bridge.model import Event, Said

MAPPINGS = Path(__file__).parents[2] / "mappings"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@cache
def samples():
    return load(MAPPINGS, {}).ruleset


def test_the_samples_have_no_findings():
    """Not even a warning."""
    assert load(MAPPINGS, {}).findings == ()


@pytest.mark.parametrize("name", [case.name for case in samples().cases])
def test_the_samples_pass_their_own_tests(name):
    """With no secret set anywhere."""
    [result] = run_cases(samples(), MAPPINGS, {name})
    assert result.failures == ()


def test_every_sample_rule_is_tested_both_ways():
    """At least one test in which it sends, and one in which it does not."""
    outcomes = {
        (rule, isinstance(outcome.value, str) or "error" in outcome.keys)
        for case in samples().cases
        for rule, outcome in case.expect.items()
    }
    unmentioned = {
        (rule.id, True)
        for rule in samples().rules
        for case in samples().cases
        if case.source == rule.source and rule.id not in case.expect
    }
    ids = {rule.id for rule in samples().rules}
    assert outcomes | unmentioned >= {
        (id, refused) for id in ids for refused in (True, False)
    }


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        [
            "usd",
            "CLP",
            "dealstage",
            "closedwon",
            "content",
            "713516551148,7",
            "\ud800",
            "1e5",
        ]
    )
)
KEYS = st.text(max_size=8) | st.sampled_from(
    ["data", "object", "propertyName", "payload"]
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4)
    | st.dictionaries(KEYS, below, max_size=4),
    max_leaves=12,
)
INVOICE = st.fixed_dictionaries(
    {},
    optional={
        name: VALUES
        for name in (
            "amount_paid",
            "amount_due",
            "currency",
            "attempt_count",
            "next_payment_attempt",
        )
    }
    | {
        "metadata": st.dictionaries(
            st.sampled_from(["vambe_ticket_id", "kapture_tickets"]), VALUES
        )
        | VALUES
    },
)
PAYMENT = st.fixed_dictionaries(
    {},
    optional={name: VALUES for name in ("amount", "currency", "error_reason", "notes")},
)
PAYLOADS = (
    VALUES
    | INVOICE.map(lambda one: {"data": {"object": one}})
    | PAYMENT.map(lambda one: {"payload": {"payment": {"entity": one}}})
    | st.fixed_dictionaries(
        {"propertyName": st.sampled_from(["dealstage", "content"])},
        optional={name: VALUES for name in ("propertyValue", "objectId", "occurredAt")},
    )
)
TYPES = (
    "invoice.paid",
    "invoice.payment_failed",
    "deal.propertyChange",
    "ticket.propertyChange",
    "payment.failed",
)


@given(PAYLOADS, st.none() | st.timedeltas(timedelta(-400), timedelta(400)))
def test_any_payload_gives_decisions_and_never_an_exception(payload, ago):
    """One per rule of the source; an error has its place and says nothing a sender wrote."""
    for source in samples().sources:
        for kind in TYPES:
            happened = Event(
                source=source,
                event_id="e",
                type=kind,
                occurred_at=None if ago is None else NOW + ago,
                received_at=NOW,
                payload=payload,
                headers={},
            )
            decisions = route(happened, samples())
            assert [one.rule for one in decisions] == [
                rule.id for rule in samples().rules_of(source)
            ]
            for one in decisions:
                assert (one.said is Said.MATCHED) == bool(one.rendered)
                assert (one.said is Said.ERROR) == (one.diagnostic is not None)
                assert one.place.split(":")[0].endswith(".yaml")
