"""docs/architecture.md draws the states that the code has."""

from state_pages import MARK, PAGE, drawn


def test_the_drawn_states_are_those_of_the_code():
    """A state or a move that is added, or goes, is drawn anew: python tests/docs/state_pages.py."""
    assert PAGE.read_text("utf-8").partition(MARK)[2] == drawn()
