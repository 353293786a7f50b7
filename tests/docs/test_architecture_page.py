"""docs/architecture.md draws what the code has, and names only what there is."""

import ast
import re

import pytest
import room_pages
import state_pages

ROOT = room_pages.ROOT
TEXT = state_pages.PAGE.read_text("utf-8")
# | … | `bridge/retry.py` `planned` |, with or without a column between the two
NAMED = re.findall(r"\| `(bridge/[\w/]+\.py)` (?:\| )?`(\w+)` \|$", TEXT, re.MULTILINE)
FOLDERS = re.findall(r"^\| `(\w+)/` \|", TEXT, re.MULTILINE)


def test_the_drawn_states_are_those_of_the_code():
    """A state or a move that is added, or goes, is drawn anew: python tests/docs/state_pages.py."""
    assert TEXT.partition(state_pages.MARK)[2] == state_pages.drawn()


def test_the_drawn_rooms_are_those_of_the_code():
    """A new import between rooms is drawn anew: python tests/docs/room_pages.py."""
    assert room_pages.parted()[1] == room_pages.drawn()


def test_each_room_is_described():
    """A new room is not left out of the page."""
    assert sorted(FOLDERS) == sorted(room_pages.imports())


def test_the_page_has_its_names():
    """The way of an event has twelve steps, and at least twenty questions are answered."""
    assert len(NAMED) >= 12 + 20


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_each_name_is_where_the_page_says(file, name):
    """A function that moves or is renamed takes its line on the page with it."""
    body = ast.parse((ROOT / file).read_text("utf-8")).body
    named = {getattr(node, "name", "") for node in body}
    set_here = [node.targets for node in body if isinstance(node, ast.Assign)]
    assert name in named | {ast.unparse(one) for targets in set_here for one in targets}


def test_every_file_of_the_page_is_there():
    """Also those files that stand without a name."""
    files = re.findall(r"`((?:bridge|tests)/[\w./-]+)`", TEXT)
    assert [file for file in files if not (ROOT / file).exists()] == []
