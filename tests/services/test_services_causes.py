"""Dead letters and held deliveries by cause, and the table of remedies."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dying import TICKETS, dead, route, set_row
from running import MAPPING, NOW
from sqlalchemy import update
from state_guard import by_hand
from working import paid

from bridge import mapping
from bridge.services import causes, remedies, rulesets
from bridge.state import State
from bridge.store.tables import rulesets as ruleset_rows

BRIDGE = Path(causes.__file__).parents[1]
# Whatever makes an outcome with a code: where the code stands among its arguments.
MAKERS = {
    "failed": 0,
    "parked": 0,
    "retry": 0,
    "undocumented": 0,
    "NoReply": None,
    "Failed": 0,
    "Outcome": None,
    "_unsent": 1,
    "none": 1,
    "bury": 2,
}


@pytest.fixture
def store(database):
    """Six routed events: deliveries 1 to 5 with a request, and 6 of a failed rule."""
    ruleset = mapping.build({"rules.yaml": MAPPING}).usable()
    rulesets.activate(database, ruleset)
    route(database, ruleset, *(paid(f"e{n}", ticket=TICKETS[n]) for n in range(5)))
    route(database, ruleset, paid("e5", ticket="not a uuid"))
    return database


def test_dead_letters_are_grouped_by_all_of_their_key(store):
    """Deliveries are of one cause only if code, rule and connection agree, and failed rules by their message too."""
    for id in (1, 2, 3):
        dead(store, id)
    dead(store, 4, code="http_403")
    found = causes.listed(store, State.DEAD, NOW + timedelta(hours=1))
    by_code = {one.code: (one.count, one.tickets) for one in found.causes if one.rule}
    assert found.causes[0].code == "http_404"
    assert by_code.pop("http_404") == (3, 3)
    assert by_code.pop("http_403") == (1, 1)
    assert len(by_code) == 1
    (broken,) = [one for one in found.causes if not one.connection]
    assert broken.said and broken.code in mapping.CODES
    assert (found.total, found.complete) == (5, True)


def test_a_cause_says_when_and_gives_an_example(store):
    """First and last are the times at which the deliveries died; the example is the newest; bars are six hours wide."""
    now = NOW + timedelta(days=1)
    dead(store, 1, at=now - timedelta(hours=13))
    dead(store, 2, at=now - timedelta(minutes=1))
    (cause,) = [
        one for one in causes.listed(store, State.DEAD, now).causes if one.connection
    ]
    assert (cause.first, cause.last) == (
        now - timedelta(hours=13),
        now - timedelta(minutes=1),
    )
    assert cause.example == 2
    assert cause.bars[-3:] == (1, 0, 1) and len(cause.bars) == causes.BARS
    assert causes.ids(store, cause, 10) == [1, 2]
    assert causes.named(store, cause.id, now) == cause


def test_a_cause_is_gone_with_its_last_delivery(store):
    """A cause that has no delivery any more is not found by its id."""
    dead(store, 1)
    (cause,) = [
        one for one in causes.listed(store, State.DEAD, NOW).causes if one.connection
    ]
    set_row(store, 1, state="cancelled")
    with pytest.raises(causes.NoSuchCause):
        causes.named(store, cause.id, NOW)


def test_held_deliveries_are_decisions_by_their_reason(store):
    """Held deliveries are apart from dead ones, and their remedy is to release or cancel."""
    set_row(store, 1, state="held", code="hold_if", reason="over the limit")
    set_row(store, 2, state="held", code="timeout", reason="no answer")
    found = causes.listed(store, State.HELD, NOW).causes
    assert {one.said for one in found} == {"over the limit", ""}
    assert {one.remedy.then for one in found} == {"release"}


def test_a_ruleset_is_named_if_the_first_failure_followed_it(store):
    """A cause names the ruleset that was activated shortly before its first failure, but never the very first one."""
    now = datetime.now(UTC)
    dead(store, 1, at=now)
    assert not any(one.ruleset for one in causes.listed(store, State.DEAD, now).causes)
    changed = mapping.build({"rules.yaml": MAPPING + "\n# again\n"}).usable()
    old = now - timedelta(days=9)
    by_hand(store, lambda c: c.execute(update(ruleset_rows).values(activated_at=old)))
    rulesets.activate(store, changed)
    dead(store, 2, code="http_400", at=datetime.now(UTC))
    by_code = {
        one.code: one.ruleset for one in causes.listed(store, State.DEAD, now).causes
    }
    assert by_code["http_400"] == changed.hash
    assert by_code["http_404"] == ""


def test_the_filter_of_a_cause_lists_it(store):
    """The words of a cause's filter are those that the lists take."""
    dead(store, 1)
    (cause,) = [
        one for one in causes.listed(store, State.DEAD, NOW).causes if one.connection
    ]
    words = cause.filter.split(" ")
    assert words[:3] == ["state:dead", "code:http_404", "rule:paid-sets-amount"]
    assert words[3] == f"connection:{cause.connection}"


def test_only_the_newest_are_looked_at(store, monkeypatch):
    """With more deliveries than are looked at, the newest count, and the answer says that it is not complete."""
    monkeypatch.setattr("bridge.store.causes.ROWS", 2)
    for id in (1, 2, 3, 4):
        dead(store, id)
    found = causes.listed(store, State.DEAD, NOW)
    assert sum(one.count for one in found.causes) == 2
    assert (found.total, found.complete) == (5, False)


def codes_of_calls():
    """Every code that a call in bridge/ makes an outcome with, as far as it is written there."""
    for path in BRIDGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name not in MAKERS:
                continue
            place = MAKERS[name]
            given = [one.value for one in node.keywords if one.arg in ("code", "kind")]
            if place is not None and len(node.args) > place:
                given.append(node.args[place])
            for one in given:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value, path.name


# Codes that end well, so nobody has to act.
WELL = {"delivered", "reused", "ignored", "looked_up", "truncated", "same_key"}
# Codes that the calls take from tables and constants.
TABLES = {
    *("not_found", "look_up_again", "not_recorded", "hold_if", "error"),
    *("auth_key", "auth_expired", "field_missing", "invalid_format", "server_failure"),
    *("missing_secret", "configuration", "settings", "no_request", "unreadable"),
    *("http_200", "http_302", "http_401", "http_403", "http_404", "http_408"),
    *("http_422", "http_429", "http_500", "http_503", "http_101"),
}


def test_every_code_has_a_remedy():
    """Each code with which a delivery can end has a remedy of its own, and so has each code of a rule's error."""
    found = dict(codes_of_calls())
    assert {"timeout", "worker_lost", "other_ticket", "update_failed"} <= found.keys()
    lacking = {
        code: file
        for code, file in found.items()
        if code not in WELL and not remedies.known(code)
    }
    assert not lacking
    assert all(remedies.known(code) for code in TABLES | set(mapping.CODES))


def test_remedies_can_be_acted_on():
    """A remedy is a title and whole sentences."""
    for code in {*TABLES, *(code for code, _ in codes_of_calls()), *mapping.CODES}:
        for state in ("dead", "held"):
            found = remedies.remedy(code, state)
            assert found.title and found.step.endswith(".")
            assert state == "dead" or found.then == "release"
