"""What a worker makes of the notes of workers that died: which event it is, and when it is enough."""

import pytest

from bridge.store.database.turn import Turn
from bridge.worker.deaths import MOST, Notes, new_name


def notes(left, me="me"):
    """The notes of a round whose turn found this, and what it notes itself."""
    written = []
    return Notes(Turn(written.append, left), me), written


def test_deaths_at_one_event_add_up():
    """R-35: each worker notes one death more than the note that it found, until it is enough."""
    left, deaths = "together other", 0
    while not (found := notes(left)[0]).deadly(17):
        found, written = notes(left, new_name())
        assert found.careful
        found.alone(17)
        (left,) = written
        deaths += 1
    assert deaths == MOST


def test_deaths_at_different_events_do_not_add_up():
    """R-35: a worker that is killed from outside again and again, whatever it is at, gives no event up."""
    left = "together other"
    for event in range(10, 10 + 3 * MOST):
        found, written = notes(left, new_name())
        assert not found.deadly(event)
        found.alone(event)
        (left,) = written


@pytest.mark.parametrize(
    "left", ["17", "17 3", "17 3 x y", "x 3 y", "17 x y", "�", "-17 3 y", "²7 3 y"]
)
def test_an_odd_note_names_nobody(left):
    """What another release or somebody else wrote there gives no event up; events are routed one by one once."""
    found, _ = notes(left)
    assert found.careful
    assert not found.deadly(17)


def test_its_own_note_is_no_death():
    """A worker that finds what it noted itself is alive: the store went away before it could take the note back."""
    me = new_name()
    left = f"17 {MOST - 1} other"
    for _ in range(3):
        found, written = notes(left, me)
        assert not found.deadly(17)
        found.alone(17)
        left = [left, *written][-1]
    assert not notes(left, me)[0].careful
