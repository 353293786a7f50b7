"""docs/filters.md: its examples can be read, and its table has every key."""

import re
from pathlib import Path

from running import NOW

from bridge.services.filters import BadFilter, parse
from bridge.store.filtering import CHOICES, KEYS

PAGE = (Path(__file__).parents[2] / "docs" / "filters.md").read_text("utf-8")
ROWS = [line.split("|")[1:] for line in PAGE.splitlines() if line.startswith("| `")]


def readable(text, kind):
    """Whether a kind has the words."""
    try:
        return bool(parse(text, kind, NOW))
    except BadFilter:
        return False


def test_every_example_can_be_read():
    """Each line of the first block is a filter of something."""
    lines = re.search(r"```text\n(.*?)```", PAGE, re.S)[1].splitlines()
    assert len(lines) == 6
    for line in lines:
        assert any(readable(line, kind) for kind in KEYS), line


def test_the_table_has_every_key():
    """No key is missing, and each kind has the keys that the table says."""
    for n, kind in enumerate(("events", "deliveries", "refused"), 1):
        said = {
            key
            for row in ROWS
            if row[n].strip() == "yes"
            for key in re.findall(r"`(\w+):", row[0])
        }
        assert said == set(KEYS[kind])


def test_the_page_names_every_choice():
    """Each state and outcome is there."""
    for choices in (CHOICES["events"], CHOICES["deliveries"]):
        for values in choices.values():
            assert all(f"`{one}`" in PAGE or f"is:{one}" in PAGE for one in values)
