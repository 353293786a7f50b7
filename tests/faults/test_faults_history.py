"""The judge of histories finds what is planted in a good one."""

from dataclasses import replace

import pytest
from history import Effect, Ended, History, Sent, judge

EVENTS = ("a", "b", "c")
GOOD = History(
    sent=[
        Sent(event=event, lane="1", sent=at, answered=at + 0.5, status=202)
        for at, event in enumerate(EVENTS)
    ],
    effects=[Effect(event=event, lane="1") for event in EVENTS],
    stored=EVENTS,
    ended=[Ended(event=event, state="delivered", unknown=0) for event in EVENTS],
)


def with_state(event, state, unknown=0):
    """The good history, but this event ended otherwise."""
    ended = [item for item in GOOD.ended if item.event != event]
    return replace(
        GOOD, ended=[*ended, Ended(event=event, state=state, unknown=unknown)]
    )


def effects(*events):
    return [Effect(event=event, lane="1") for event in events]


def test_a_good_history_has_no_findings():
    """Nothing is found where nothing is wrong: a repeat after an unknown outcome, a broken request, a refusal."""
    assert judge(GOOD) == []
    repeated = replace(with_state("a", "delivered", 1), effects=effects(*"aabc"))
    assert judge(repeated) == []
    broken = Sent(event="d", lane="1", sent=9, answered=None, status=None)
    refused = Sent(event="e", lane="1", sent=9, answered=9.1, status=503)
    assert judge(replace(GOOD, sent=[*GOOD.sent, broken, refused])) == []


@pytest.mark.parametrize(
    ("history", "finding"),
    [
        (replace(GOOD, stored=("a", "b")), "lost: c"),
        (replace(GOOD, stored=("a", "b", "c", "c")), "stored twice: c"),
        (replace(GOOD, effects=effects(*"abcx")), "invented: the vendor has x"),
        (replace(GOOD, ended=GOOD.ended[:2]), "no delivery: c"),
        (replace(GOOD, effects=effects(*"ab")), "not delivered: c"),
        (with_state("c", "waiting"), "unfinished: c is waiting"),
        (with_state("c", "held"), "held: c"),
        (with_state("c", "dead"), "dead: c"),
        (replace(GOOD, effects=effects(*"abbc")), "silent repeat: the vendor has b 2"),
        (replace(GOOD, effects=effects(*"bac")), "out of order: a"),
        (replace(GOOD, effects=effects(*"abac")), "out of order: a"),
    ],
)
def test_a_planted_fault_is_found(history, finding):
    """Each promise has a sentence that says which event broke it."""
    assert any(line.startswith(finding) for line in judge(history)), judge(history)


def test_what_is_held_may_not_be_overtaken():
    """An event that waits for a person blocks its lane: what was sent after its 2xx may not be at the vendor."""
    held = replace(with_state("a", "held", 1), effects=effects(*"bc"))
    assert any(line.startswith("out of order: a") for line in judge(held))
    assert judge(replace(held, effects=[])) != []  # b and c are nowhere


def test_concurrent_requests_have_no_order():
    """Of two requests that were under way at once, either may come first."""
    late = replace(GOOD.sent[0], answered=1.2)
    overlapping = replace(GOOD, sent=[late, *GOOD.sent[1:]])
    assert judge(replace(overlapping, effects=effects(*"bac"))) == []
    assert judge(replace(overlapping, effects=effects(*"bca"))) != []


def test_a_poisoned_event_may_die():
    """What nobody can deliver is allowed to be a dead letter, when the test says so."""
    dead = replace(with_state("b", "dead"), effects=effects(*"ac"))
    assert judge(dead, may_die={"b"}) == []
    assert judge(dead) != []
