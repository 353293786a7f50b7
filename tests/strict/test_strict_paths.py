"""Paths into JSON: keys, positions, and keys with a point in them."""

import pytest

from bridge.strict.paths import change, change_each, dig, elements, everywhere

TREE = {"a": {"b": [{"id": 1}, {"id": 2}]}, "event.id": "e"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b.1.id", 2),
        ("event.id", "e"),
        ("a.b.2.id", None),
        ("a.b.id", None),
        ("x.y", None),
    ],
)
def test_a_path_leads_to_a_value_or_to_none(path, found):
    """A digit is a position in a list alone, and two parts may be one key."""
    assert dig(TREE, tuple(path.split("."))) == found


def test_a_change_leaves_the_tree_as_it_is():
    """A copy has the new value; None takes a key out, and without its parents nothing changes."""
    assert dig(change(TREE, ("a", "b", "0", "id"), 9), ("a", "b", "0", "id")) == 9
    assert change(TREE, ("event", "id"), None) == {"a": TREE["a"]}
    assert change(TREE, ("x", "y"), 1) == TREE
    assert dig(TREE, ("a", "b", "0", "id")) == 1


def test_lists_on_the_way_are_walked_through():
    """Each element is found, changed and looked for."""
    assert elements(TREE, ("a", "b", "id")) == [1, 2]
    assert elements(change_each(TREE, ("a", "b", "id"), str), ("a", "b", "id")) == [
        "1",
        "2",
    ]
    assert everywhere(TREE, ("a", "b", "id"))
    assert not everywhere(TREE, ("a", "b", "name"))
