"""docs/reliability.md names tests that exist, for every promise's R-id."""

import re

import pytest
from running import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_named_test_exists(path, name):
    """A test that was renamed or removed is noticed here."""
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_every_id_has_a_row():
    """Each has one row of the table (the storm's R-29 to R-33 share one), with a test or why there is none."""
    rows = re.findall(r"^\| (R-\d\d) \|.*$", PAGE, re.MULTILINE)
    assert rows == [f"R-{number:02}" for number in (*range(1, 30), *range(34, 41))]
    for row in PAGE.splitlines():
        if row.startswith("| R-"):
            assert "tests/" in row or "no test yet" in row, row
