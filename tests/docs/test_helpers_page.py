"""docs/helpers.md is the catalogue, written down."""

from pathlib import Path

from bridge.mapping.functions import FILTERS, TESTS
from bridge.mapping.functions.page import page

DOCUMENT = Path(__file__).parents[2] / "docs" / "helpers.md"


def test_the_page_is_current():
    """The committed page is what the catalogue gives: python -m bridge.mapping.functions.page > docs/helpers.md."""
    assert DOCUMENT.read_text("utf-8") == page()


def test_every_helper_is_on_the_page():
    """A helper of a group that the page does not know would be left out silently."""
    titles = [helper.signature for helper in FILTERS.values()]
    titles += [f"is {helper.name}" for helper in TESTS.values()]
    for title in titles:
        assert f"### `{title}`\n" in page()


def test_every_example_is_on_the_page():
    """With what it gives."""
    for helper in (*FILTERS.values(), *TESTS.values()):
        for example in helper.examples:
            assert f"\n{example.expression}  →  " in page()
