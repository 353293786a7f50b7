"""Responses while delivering: an answer is judged as the rule said when its call was rendered."""

import pytest
from running import MAPPING
from structlog.testing import capture_logs
from working import Bench, paid

from bridge import mapping

FIELDS = "    fields:\n      ticket_id:"
HEALS = "when: response.status == 404 and 'not found' in response.body.message, do: retry, note: it may heal"


@pytest.fixture
def bench_of(database, sandbox):
    """A bench whose rule for Vambe has these responses."""

    def bench_of(*responses):
        items = "".join(f"      - {{ {one} }}\n" for one in responses)
        text = MAPPING.replace(FIELDS, f"    responses:\n{items}{FIELDS}", 1)
        assert text != MAPPING
        return Bench(database, sandbox, text=text)

    return bench_of


def not_found(sandbox, **fault):
    body = '{"message": "Active ticket not found for contact"}'
    sandbox.fault("vambe", status=404, body=body, **fault)


def test_a_404_that_may_heal_is_retried_and_delivered(bench_of, sandbox):
    """The rule's word counts and not the vendor's, and the attempt says whose word it was."""
    not_found(sandbox, count=1)
    bench = bench_of(HEALS)
    bench.receive(paid("evt_1"))
    bench.work()
    (row,) = bench.deliveries()
    assert (row["state"], row["code"]) == ("waiting", "http_404")
    assert row["reason"].endswith("the rule says retry: it may heal")
    bench.make_due()
    bench.work()
    assert bench.states() == ["delivered"]
    assert [one["verdict"] for one in bench.attempts(row["id"])] == [
        "retry",
        "delivered",
    ]


@pytest.mark.parametrize(
    ("status", "do", "state", "code"),
    [
        (404, "ok", "delivered", "delivered"),
        (404, "ignore", "delivered", "ignored"),
        (503, "fail", "dead", "http_503"),
        (401, "retry", "waiting", "http_401"),
        (200, "fail", "dead", "http_200"),
    ],
)
def test_every_answer_can_be_judged_by_the_rule(
    bench_of, sandbox, status, do, state, code
):
    """Before the vendor's own judgement: even a success, and even refused credentials, which then park nothing."""
    sandbox.fault("vambe", status=status, body="{}", count=1)
    bench = bench_of(f"when: response.status == {status}, do: {do}")
    bench.receive(paid("evt_1"))
    bench.work()
    (row,) = bench.deliveries()
    assert (row["state"], row["code"], row["attempts"]) == (state, code, 1)


def test_a_delivery_is_judged_as_it_was_rendered(bench_of, database, sandbox):
    """Also by a worker that only knows rules without any responses."""
    not_found(sandbox, count=2)
    bench = bench_of(HEALS)
    bench.receive(paid("evt_1"))
    bench.work()
    bench.ruleset = mapping.build({"rules.yaml": MAPPING}).usable()
    bench.worker = bench.new_worker()
    bench.make_due()
    bench.work()
    assert bench.states() == ["waiting"]
    bench.make_due()
    bench.work()
    assert bench.states() == ["delivered"]


def test_a_response_that_cannot_be_tried_loses_nothing(bench_of, sandbox):
    """It is logged without what the vendor wrote, and the vendor's judgement stands."""
    sandbox.fault("vambe", status=404, body="<h1>ACME is away</h1>", count=1)
    bench = bench_of(HEALS)
    bench.receive(paid("evt_1"))
    with capture_logs() as logs:
        bench.work()
    (row,) = bench.deliveries()
    assert (row["state"], row["code"]) == ("dead", "http_404")
    (line,) = [one for one in logs if one["event"] == "response passed over"]
    assert (line["delivery_id"], line["code"]) == (row["id"], "E301")
    assert "ACME" not in str(line)
