"""States change as state.py says: each of its moves is made by somebody, and no other one can be."""

import ast
from datetime import timedelta
from itertools import permutations

import pytest
from queueing import DEAD, FAILED, HELD, SENT, made, row
from running import NOW, ROOT
from sqlalchemy import insert, select, update
from state_guard import by_hand

from bridge.errors import StoreRefused
from bridge.model import Decided, Decision, Said
from bridge.state import EVENT_MOVES, MOVES, EventState, State
from bridge.store import fetches, routed
from bridge.store.deliveries import change_state
from bridge.store.tables import deliveries, events
from bridge.store.transition import event_transition, transition

ENDS = {
    State.DELIVERED: SENT,
    State.WAITING: FAILED,
    State.DEAD: DEAD,
    State.HELD: HELD,
    State.SKIPPED: made(200, "looked_up", settled=State.SKIPPED),
}
GUARD = "CONSTRAINT_TRIGGER|RaiseException"  # what a trigger says on either
ERROR = Decision(rule="r", said=Said.ERROR, reason="it failed", place="")


STORE = (ROOT / "bridge/store").rglob("*.py")
SOURCES = sorted(path for path in STORE if path.stem != "transition")


class Hands:
    """Everybody who moves deliveries and events."""

    def __init__(self, database, receive, add, claim, finish):
        self.database, self.receive, self.add = database, receive, add
        self.claim, self.finish = claim, finish

    def born(self, state):
        """A delivery that came to be in this state."""
        if state is State.DEAD:
            return self.failed()
        if state is State.SKIPPED:
            self.add(idempotency_key="k")
        held = {"hold": "look first"} if state is State.HELD else {}
        key = {"idempotency_key": "k"} if state is State.SKIPPED else {}
        return self.add(shadow=state is State.SHADOW, **held, **key)

    def failed(self):
        """A dead letter of a rule's error."""
        event = self.receive()
        decided = Decided(event=event, decisions=(ERROR,))
        self.database.write(lambda c: routed.deliver(c, [decided], "hash", NOW))
        with self.database.read() as connection:
            mine = select(deliveries.c.id).where(deliveries.c.event == event)
            return connection.execute(mine).scalar_one()

    def ended(self, state):
        """A delivery that its owner brought into this state."""
        id = self.add()
        (item,) = self.claim()
        assert row(self.database, id).state == State.SENDING
        self.finish(item, ENDS[state])
        return id

    def stale(self):
        """A delivery that a claim found older than what was delivered."""
        self.ended(State.DELIVERED)
        old = self.add(at=NOW - timedelta(days=1), stale="skip")
        assert self.claim() == []
        return old

    def claimed(self):
        """A delivery that is being sent."""
        id = self.add()
        self.claim()
        return id

    def person(self, origin, to):
        """A delivery that a person took from one state to another."""
        id = self.ended(origin) if origin is State.DEAD else self.born(origin)
        assert self.database.write(
            lambda c: change_state(c, id, (origin,), to, "said", NOW)
        )
        return id

    def move(self, origin, to):
        """A delivery that was moved so, by whoever does it."""
        match origin, to:
            case None, _:
                return self.born(to)
            case State.WAITING, State.SENDING:
                return self.claimed()
            case State.WAITING, State.SKIPPED:
                return self.stale()
            case State.SENDING, _:
                return self.ended(to)
        return self.person(origin, to)

    def move_event(self, origin, to):
        """An event that was moved so."""
        event = self.receive()
        answer, verdict = (b"{}", {}), Decided(event=event, decisions=())
        looked_up, answered, failed, again, asked = (
            lambda c: fetches.begin(c, event),
            lambda c: fetches.answered(c, event, *answer),
            lambda c: fetches.failed(c, event, "gone", NOW),
            lambda c: fetches.reopen(c, event),
            lambda c: routed.record(c, [verdict], "hash", NOW),
        )
        steps = {
            (None, EventState.STORED): (),
            (EventState.STORED, EventState.ROUTED): (asked,),
            (EventState.STORED, EventState.FETCHING): (looked_up,),
            (EventState.FETCHING, EventState.STORED): (looked_up, answered),
            (EventState.FETCHING, EventState.ROUTED): (looked_up, failed),
            (EventState.ROUTED, EventState.STORED): (looked_up, failed, again),
        }
        for step in steps[origin, to]:
            self.database.write(step)
        return event


@pytest.fixture
def hands(database, receive, add, claim, finish):
    return Hands(database, receive, add, claim, finish)


@pytest.mark.parametrize(("origin", "to"), MOVES, ids=str)
def test_every_move_of_a_delivery_is_made(hands, origin, to):
    """The table holds nothing that nobody does."""
    assert row(hands.database, hands.move(origin, to)).state == to


@pytest.mark.parametrize(("origin", "to"), EVENT_MOVES, ids=str)
def test_every_move_of_an_event_is_made(hands, origin, to):
    """The same of events."""
    id = hands.move_event(origin, to)
    with hands.database.read() as connection:
        query = select(events.c.state).where(events.c.id == id)
        assert connection.execute(query).scalar_one() == to


def _absent(states, moves):
    """The moves that there are not; to stay is none."""
    pairs = [*permutations(states, 2)]
    return [pair for pair in pairs if pair not in moves]


def test_no_other_move_can_be_asked_for():
    """The store's own way refuses it before any database does."""
    kinds = (State, MOVES, transition), (EventState, EVENT_MOVES, event_transition)
    for states, moves, way in kinds:
        for origin, to in _absent(states, moves):
            with pytest.raises(ValueError, match=f"is {origin} becomes {to}:"):
                way(origin, to=to)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_nobody_changes_a_state_by_an_update_of_their_own(path):
    """What writes to a table by itself sets no state: that goes through transition.py, which knows the moves."""
    for part in ast.walk(ast.parse(path.read_text())):
        if isinstance(part, ast.FunctionDef):
            assert not (_updates(part) and _sets_a_state(part)), part.name


def _updates(part):
    return any(
        isinstance(one, ast.Call)
        and ast.unparse(one) in ("update(deliveries)", "update(events)")
        for one in ast.walk(part)
    )


def _sets_a_state(part):
    named = {one.arg for one in ast.walk(part) if isinstance(one, ast.keyword)}
    texts = {one.value for one in ast.walk(part) if isinstance(one, ast.Constant)}
    return "state" in named | texts


def test_no_other_move_can_be_written(database, add):
    """The tests' databases refuse it, whatever statement makes it."""
    _refuses(database, deliveries, add(), _absent(State, MOVES))
    _refuses(database, events, 1, _absent(EventState, EVENT_MOVES))


def test_no_delivery_begins_in_another_state(database, add):
    """What was never sent was never delivered."""
    old = row(database, add())._mapping
    new = {name: old[name] for name in old if name not in ("id", "idempotency_key")}
    for state in (one for one in State if (None, one) not in MOVES):
        born = insert(deliveries).values({**new, "state": state})
        with pytest.raises(StoreRefused, match=GUARD):
            database.write(lambda c: c.execute(born))


def _refuses(database, table, id, pairs):
    def to(state):
        return update(table).where(table.c.id == id).values(state=state)

    for origin, other in pairs:
        by_hand(database, lambda c: c.execute(to(origin)))
        with pytest.raises(StoreRefused, match=GUARD):
            database.write(lambda c: c.execute(to(other)))
