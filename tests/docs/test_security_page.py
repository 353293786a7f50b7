"""docs/security.md names tests that exist and say their T-id, for every id of the front door."""

import re

import pytest
from running import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = re.findall(r"^\| (T-\d\d) \|(.*)$", PAGE, re.MULTILINE)
NAMED = [
    (id, *test)
    for id, row in ROWS
    for test in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
]


def test_every_id_has_a_row():
    """T-01 to T-51, once each and in order."""
    assert [id for id, _ in ROWS] == [f"T-{number:02}" for number in range(1, 52)]
    assert {id for id, *_ in NAMED} == {id for id, _ in ROWS}


@pytest.mark.parametrize(("id", "path", "name"), NAMED, ids=str)
def test_named_test_exists(id, path, name):
    """A test that was renamed or removed is noticed here; one of the front door says which id it is for."""
    test = re.search(
        rf'^def {name}\(.*?:\n    """(.*?)"""',
        (ROOT / path).read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert test
    assert id in test[1] or not path.startswith("tests/receive/")
