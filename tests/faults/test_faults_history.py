"""The judge of histories finds what is planted in a good one."""

from dataclasses import replace

import pytest
from history import GROWTH, LATE, Effect, Ended, History, Life, Sent, judge

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


# Of the second of them, which comes later, the sender says that it is older: it is skipped.
DATED = replace(
    GOOD,
    sent=[
        replace(item, at=at) for item, at in zip(GOOD.sent, (10, 5, 10), strict=True)
    ],
    effects=effects(*"ac"),
    ended=with_state("b", "skipped").ended,
)


def test_what_is_older_is_skipped():
    """An update of an older time may be skipped and may not overwrite; one of the same time may."""
    assert judge(DATED) == []
    written = replace(DATED, effects=effects(*"abc"), ended=GOOD.ended)
    assert [line.partition(":")[0] for line in judge(written)] == ["overwritten"]
    first = replace(DATED.sent[0], at=3)  # nothing newer came before b
    skipped = replace(DATED, sent=[first, *DATED.sent[1:]])
    assert any(line.startswith("skipped: b") for line in judge(skipped))
    undated = replace(GOOD, effects=effects(*"ac"), ended=DATED.ended)
    assert any(line.startswith("skipped: b") for line in judge(undated))


def test_a_quiet_event_needs_no_delivery():
    """An event that no rule wants leads to nothing, when the test says so."""
    nothing = replace(GOOD, effects=effects(*"ab"), ended=GOOD.ended[:2])
    assert judge(nothing, quiet={"c"}) == []
    assert judge(nothing) != []


@pytest.mark.parametrize(
    ("status", "over", "life", "finding"),
    [
        (202, 1, Life(began=8, ended=12), ""),
        (503, 1, Life(began=8, ended=12, refuses=True), ""),
        (202, LATE + 1, Life(began=8, ended=90, refuses=True), ""),
        (None, 1, Life(began=8, ended=9.5), ""),
        (None, 1, Life(began=9.5, ended=12), ""),
        (None, 1, Life(began=8, ended=12), "unanswered"),
        (503, 1, Life(began=8, ended=12), "refused"),
        (401, 1, Life(began=8, ended=12, refuses=True), "refused"),
        (202, LATE + 1, Life(began=8, ended=90), "late"),
    ],
)
def test_who_lives_answers(status, over, life, finding):
    """Receivers that live from before a request until after its answer give it 2xx, soon; 503 where the store stood."""
    times = (9 + over, None) if status else (None, 9 + over)
    last = Sent(event="c", lane="2", sent=9, answered=times[0], status=status)
    sent = [*GOOD.sent, replace(last, broken=times[1])]
    found = judge(replace(GOOD, sent=sent, lives=[life]))
    assert [line.partition(":")[0] for line in found] == ([finding] if finding else [])


def test_memory_that_is_kept_is_found():
    """Receivers give back what a flood made them take."""
    grown = Life(began=0, ended=1, grown=GROWTH + 1)
    assert [line.partition(":")[0] for line in judge(replace(GOOD, lives=[grown]))] == [
        "memory"
    ]


def test_a_credential_that_is_kept_is_found():
    """No spelling of a credential stands in what was kept of an answer."""
    masked = replace(GOOD, secrets=["a/b", "a%2Fb"], kept=["the key <secret>"])
    assert judge(masked) == []
    told = replace(masked, kept=["the key a%2Fb"])
    assert [line.partition(":")[0] for line in judge(told)] == ["told"]
